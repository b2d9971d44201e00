"""Right programs -> wrong ones, by the slips that people make."""

import re
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from harness.miniature.execution import verdict_of
from harness.miniature.family import WORDS
from harness.miniature.tasks import Task
from sandbox.verdict import Verdict


class Slip(NamedTuple):
    """Text that is mistaken for other text, at one place of the program."""

    pattern: str
    replacement: str


class Program(NamedTuple):
    """A program and the verdict that it gets."""

    text: str
    verdict: Verdict


LOGIC = (
    Slip(r" \+ ", " - "),
    Slip(r" - ", " + "),
    Slip(r" \* ", " + "),
    Slip(r" // ", " / "),
    Slip(r" // ", " % "),
    Slip(r" % ", " // "),
    Slip(r" (\+|-|\*|//|%)= (?=\d)", " = "),
    Slip(r" > ", " >= "),
    Slip(r" > ", " < "),
    Slip(r" < ", " > "),
    Slip(r" >= ", " > "),
    Slip(r" <= ", " < "),
    Slip(r" == ", " != "),
    Slip(r" != ", " == "),
    Slip(r"\bmax\(", "min("),
    Slip(r"\bmin\(", "max("),
    Slip(r"\bsum\(", "len("),
    Slip(r"\bsorted\(", "list("),
    Slip(r"range\(", "range(1, "),
    Slip(r"range\(1, ", "range("),
    Slip(r" \+ 1\)", ")"),
    Slip(r"\[::-1\]", "[::1]"),
    Slip(r"\[-1\]", "[0]"),
    Slip(r"\[-2\]", "[-1]"),
    Slip(r"print\(\*", "print("),
)
MISREADINGS = (Slip(r"(?<![\w\"])\d+", ""), Slip(r"(?<=\")[a-z]{2,}(?=\")", ""))
"""Numbers and words that are taken for others: see `_other`."""
CRASHES = (
    Slip(r"int\(input\(\)(\.strip\(\))?\)", "input()"),
    Slip(r"list\(map\(int, (.*)\)\)", r"\1"),
    Slip(r"(?<!list\()map\(int, (.*)\)", r"\1"),
    Slip(r"\[int\(x\) for x in (.*)\]", r"\1"),
    Slip(r"\.split\(\)", ""),
    Slip(r"input\(\)", "int(input())"),
    Slip(r"\n(?=\S)", "\nm = int(input())\n"),
    Slip(r"print\(([a-z])", r"print(\1\1"),
    Slip(r"\b(total|best|rest|product|times)\b", "result"),
    Slip(r" // ", " // 0 // "),
    Slip(r"\[0\]", "[99]"),
    Slip(r"\[(i|n)\]", r"[\1 + 1]"),
    Slip(r"\.(append|count|join|replace)\(", r".\1s("),
    Slip(r"from math import \w+\n", ""),
)
NOT_PYTHON = (
    Slip(r"\)(?=\n)", ""),
    Slip(r"\)(?=\n)", "))"),
    Slip(r":(?=\n)", ""),
    Slip(r"\n    (?=\w)", "\n"),
    Slip(r"\n(?=print)", "\n  "),
    Slip(r"print\((.*)\)(?=\n)", r"print \1"),
    Slip(r"\"(?=[,)\n])", ""),
    Slip(r" == ", " = "),
    Slip(r"\binput\(", "input["),
)
WAITS = (
    "while True:\n    pass\n",
    "i = 0\nwhile i < 10 ** 9:\n    i += 1\n",
    "for i in range(10 ** 9):\n    pass\n",
    "t = 0\nfor i in range(10 ** 9):\n    t += i\n",
)
"""What takes longer than any limit, put before the output."""

_TRIES = 50


def slipped(task: Task, rng: Random) -> str:
    """Return a program with a slip, which may do no harm: about one in nine is too slow, one in six no Python."""
    kind = rng.choices((LOGIC, MISREADINGS, CRASHES, NOT_PYTHON, WAITS), (6, 3, 4, 3, 2))[0]
    if kind is WAITS:
        return _waiting(task, rng)
    return _with_one(rng.choice(task.right), [slip for slip in kind if isinstance(slip, Slip)], rng)


def wrong_program(task: Task, rng: Random) -> Program:
    """Return a program that fails; its verdict is known, because it was run, or because it can't come to an end."""
    for _ in range(_TRIES):
        text = slipped(task, rng)
        verdict = Verdict.TIME_LIMIT if is_slow(text, task) else verdict_of(text, task.tests)
        if verdict not in {None, Verdict.ACCEPTED}:
            return Program(text, verdict)
    raise AssertionError(f"{task.family}: none of {_TRIES} slips does harm")


def is_slow(text: str, task: Task) -> bool:
    """Tell whether a program was made to be too slow."""
    return text in task.slow or any(wait in text for wait in WAITS)


def _waiting(task: Task, rng: Random) -> str:
    if task.slow:
        return rng.choice(task.slow)
    text, wait = rng.choice(task.right), rng.choice(WAITS)
    places = [match.end() for match in re.finditer(r"\n(?=\S)", text)]  # between two statements of the top level
    place = rng.choice(places)
    return text[:place] + wait + text[place:]


def _with_one(text: str, slips: Sequence[Slip], rng: Random) -> str:
    """Return the text with one of the slips at one of the places where it fits."""
    fitting = [(slip, match) for slip in slips for match in re.finditer(slip.pattern, text)]
    if not fitting:
        return text
    slip, match = rng.choice(fitting)
    other = _other(match[0], rng) if slip in MISREADINGS else match.expand(slip.replacement)
    return text[: match.start()] + other + text[match.end() :]


def _other(misread: str, rng: Random) -> str:
    """Return what a number or a word may be taken for.

    >>> _other("7", Random(1)), _other("tiger", Random(1))
    ('6', 'engine')
    """
    if misread.isdecimal():
        return str(max(0, int(misread) + rng.choice((-1, 1, 10))))
    return rng.choice(WORDS)
