"""Makes submissions of known verdict: right programs, and wrong ones by common slips.

They have CodeNet's own layout, so that the real compiler reads them.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from harness.errors import UserError
from harness.runs.jsonl import write_whole
from sandbox.records import Verdict
from trainers.compile.provenance import Provenance, write_provenance
from trainers.compile.rewards import OF_VERDICT
from trainers.demo.families import vocabulary
from trainers.demo.tasks import LIMITS, Task, tasks, verdict_of


class Slip(NamedTuple):
    """Replaces text by other text, at one place of the program."""

    pattern: str
    replacement: str


class JudgedProgram(NamedTuple):
    """Pairs a program with the verdict that it gets."""

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
    """Return a program with a slip: about one in nine is too slow, one in six not Python.

    Args:
        task: Whose right program gets it.
        rng: Decides the program, the slip and its place.

    Returns:
        The program, which may still be right.
    """
    kind = rng.choices((LOGIC, MISREADINGS, CRASHES, NOT_PYTHON, WAITS), (6, 3, 4, 3, 2))[0]
    if kind is WAITS:
        return _waiting(task, rng)
    return _with_one(rng.choice(task.right), [slip for slip in kind if isinstance(slip, Slip)], rng)


def wrong_program(task: Task, rng: Random) -> JudgedProgram:
    """Return a program that fails; its verdict is known, because it was run, or because it can't come to an end.

    Args:
        task: Whose right program gets a slip.
        rng: Decides the slip.

    Returns:
        The program with its verdict.

    Raises:
        AssertionError: None of many slips made a program fail.
    """
    for _ in range(_TRIES):
        text = slipped(task, rng)
        verdict = Verdict.TIME_LIMIT if is_slow(text, task) else verdict_of(text, task.tests)
        if verdict not in {None, Verdict.ACCEPTED}:
            return JudgedProgram(text, verdict)
    raise AssertionError(f"{task.family}: none of {_TRIES} slips does harm")


def is_slow(text: str, task: Task) -> bool:
    """Return whether a program was made to be too slow.

    Args:
        text: A program of `slipped`.
        task: The task that it is for.

    Returns:
        True for a slow program of the task, or one with a wait.
    """
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
    """Return a number or a word that another may be mistaken for.

    >>> _other("7", Random(1)), _other("tiger", Random(1))
    ('6', 'island')
    """
    if misread.isdecimal():
        return str(max(0, int(misread) + rng.choice((-1, 1, 10))))
    return rng.choice(vocabulary("words"))


ACCEPTED_SHARE: Mapping[str, float] = {"introductory": 0.6, "interview": 0.45, "competition": 0.35}
"""Difficulty -> share of right programs: the harder, the fewer, as with people."""


def submissions(task: Task, rng: Random, count: int) -> Iterator[JudgedProgram]:
    """Yield programs for a task, some right and some wrong, no two with the same text.

    Args:
        task: The task.
        rng: Decides the programs and their order.
        count: Number of programs, at least 2.

    Yields:
        `count` programs, each with its verdict.
    """
    right = min(max(1, round(rng.gauss(ACCEPTED_SHARE[task.difficulty], 0.1) * count)), len(task.right), count - 1)
    found = dict.fromkeys(rng.sample(task.right, right), Verdict.ACCEPTED)
    while len(found) < count:
        program = wrong_program(task, rng)
        found.setdefault(program.text, program.verdict)
    yield from (JudgedProgram(text, found[text]) for text in rng.sample(list(found), count))


def glance(task: Task, rng: Random) -> str:
    """Return an unjudged program: right with the share of the difficulty, else with a slip that may be harmless.

    Args:
        task: The task.
        rng: Decides the program.

    Returns:
        The program's text.
    """
    if rng.random() < ACCEPTED_SHARE[task.difficulty]:
        return rng.choice(task.right)
    return slipped(task, rng)


PER_PROBLEM = 12
LICENCE = "Apache-2.0"
"""Of what proctor generates: its own."""

_PROBLEM_COLUMNS = ("id", "name", "dataset", "time_limit", "memory_limit", "rating", "tags", "complexity")
_COLUMNS = (
    "submission_id", "problem_id", "user_id", "date", "language", "original_language", "filename_ext", "status",
    "cpu_time", "memory", "code_size", "accuracy",
)  # fmt: skip


def write_submissions(tree: Path, problems: int, seed: int) -> int:
    """Write problems of the train split with their submissions.

    The list of problems is written last, so a tree that has one is whole.

    Args:
        tree: Folder to write, in CodeNet's layout.
        problems: Their number; fewer where the tasks run out.
        seed: Seed of tasks and programs.

    Returns:
        The number of submissions, `PER_PROBLEM` for each problem.

    Raises:
        UserError: `tree` has a list of problems already.
    """
    listing = tree / "metadata" / "problem_list.csv"
    if listing.exists():
        raise UserError(f"{tree}: holds problems already; choose a new folder for --out")
    for folder in ("metadata", "problem_descriptions", "data"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    found = list(islice(tasks("train", seed), problems))
    ids = [f"p{number:05}" for number in range(len(found))]
    for number, (problem_id, task) in enumerate(zip(ids, found, strict=True)):
        programs = tuple(submissions(task, Random(f"{seed}/{problem_id}"), PER_PROBLEM))  # noqa: S311 - no key
        _write_problem(tree, problem_id, task, programs, first=number * PER_PROBLEM)
    rows = [
        (problem_id, task.family, "MINIATURE", round(1000 * LIMITS.cpu_s), LIMITS.memory_bytes >> 10, "", "", "")
        for problem_id, task in zip(ids, found, strict=True)
    ]
    write_provenance(
        tree, Provenance(source=f"generated submissions (proctor miniature, seed {seed})", licence=LICENCE)
    )
    write_whole(listing, _csv(_PROBLEM_COLUMNS, rows))
    return len(found) * PER_PROBLEM


def page(task: Task) -> str:
    """Return the problem's page, marked up as CodeNet's are.

    Args:
        task: The problem.

    Returns:
        HTML with input, output and the sample.
    """
    parts = (("Input", task.input_text), ("Output", task.output_text))
    shown = [f"<H2>{heading}</H2>\n<p>\n{escape(text)}\n</p>\n" for heading, text in parts]
    sample = [f"<H2>{heading}</H2>\n<pre>\n{escape(text)}\n</pre>\n" for heading, text in task.sample]
    return "\n".join((*shown, *sample))


def _write_problem(tree: Path, problem_id: str, task: Task, programs: Sequence[JudgedProgram], *, first: int) -> None:
    sources = tree / "data" / problem_id / "Python"
    sources.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, program in enumerate(programs, first):
        submission_id = f"s{number:09}"
        (sources / f"{submission_id}.py").write_text(program.text, encoding="utf-8")
        size = len(program.text.encode())
        status = OF_VERDICT[program.verdict]
        rows.append(
            (submission_id, problem_id, "", "", "Python", "Python3", "py", status, "", "", size, "")
        )  # their times are unknown
    (tree / "problem_descriptions" / f"{problem_id}.html").write_text(page(task), encoding="utf-8")
    (tree / "metadata" / f"{problem_id}.csv").write_bytes(_csv(_COLUMNS, rows))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((columns, *rows))
    return text.getvalue().encode()
