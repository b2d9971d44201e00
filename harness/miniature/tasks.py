"""Families -> tasks: numbers and words put in, inputs drawn, answers taken from the reference."""

import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice, product, zip_longest
from random import Random
from string import Template
from typing import Literal

import msgspec

from harness.miniature.execution import printed
from harness.miniature.families import FAMILIES
from harness.miniature.family import Family, Parameters
from sandbox.testcase import StdioTest

Split = Literal["train", "test"]

TESTS = 6
"""Of each task; the first is the sample in the statement."""

_HELD_OUT = 5
"""One in so many parameters of a family is for the test split, in all its phrasings."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A problem with the programs that solve it, and those that would if they had the time."""

    family: str
    difficulty: str
    told_input: str
    told_output: str
    tests: tuple[StdioTest, ...]
    right: tuple[str, ...]
    slow: tuple[str, ...]

    @property
    def statement(self) -> str:
        """Return the text of the problem, as the compiler of groups takes it from its page."""
        parts = (("Input", self.told_input), ("Output", self.told_output), *self.sample)
        return "\n\n".join(f"{heading}\n{text}" for heading, text in parts)

    @property
    def sample(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return the headings and texts of the sample."""
        first = self.tests[0]
        return ("Sample Input", first.stdin.rstrip("\n")), ("Sample Output", first.expected_stdout.rstrip("\n"))


def tasks(split: Split, seed: int) -> Iterator[Task]:
    """Yield tasks in rounds of one of each family, difficulties in turn, no two with the same statement.

    The splits share no family's parameters, whatever the seeds. A family that has run out of parameters is left out of
    the rounds that follow, and the tasks end when all have.
    """
    by_difficulty = [
        [_of_family(difficulty, family, split, seed) for family in of_it] for difficulty, of_it in FAMILIES.items()
    ]
    streams = [stream for turn in zip_longest(*by_difficulty) for stream in turn if stream]
    while round_ := [task for stream in streams for task in islice(stream, 1)]:
        yield from round_


def _of_family(difficulty: str, family: Family, split: Split, seed: int) -> Iterator[Task]:
    """Yield a task for each choice of parameters in random order, each in one phrasing, then all in the others."""
    choices = [dict(zip(family.parameters, values, strict=True)) for values in product(*family.parameters.values())]
    mine = [choice for choice in choices if _split_of(family, choice) == split]
    rng = Random(f"{split}/{seed}/{family.name}")  # noqa: S311 - drawing tasks, not keys
    rng.shuffle(mine)
    first = [rng.randrange(len(family.tasks)) for _ in mine]
    for turn in range(len(family.tasks)):
        for choice, phrasing in zip(mine, first, strict=True):
            yield _task(difficulty, family, choice, (phrasing + turn) % len(family.tasks))


def _split_of(family: Family, parameters: Parameters) -> Split:
    named = f"{family.name} {sorted(parameters.items())}"
    return "train" if hashlib.sha256(named.encode()).digest()[0] % _HELD_OUT else "test"


def _task(difficulty: str, family: Family, parameters: Parameters, phrasing: int) -> Task:
    def filled(template: str) -> str:
        return Template(template).substitute(parameters)

    shape = family.shape
    right = tuple(filled(reading + body) for body in family.right for reading in shape.readings)
    return Task(
        family=family.name,
        difficulty=difficulty,
        told_input=shape.told,
        told_output=filled(family.tasks[phrasing]),
        tests=_tests(family, parameters, phrasing, right[0]),
        right=right,
        slow=tuple(filled(shape.readings[0] + body) for body in family.slow),
    )


def _tests(family: Family, parameters: Mapping[str, int | str], phrasing: int, reference: str) -> tuple[StdioTest, ...]:
    """Draw inputs until their answers differ: else a program that always prints the same would be right."""
    rng = Random(f"{family.name} {sorted(parameters.items())} {phrasing}")  # noqa: S311 - drawing inputs, not keys
    while True:
        inputs = [f"{family.shape.draw(rng, parameters)}\n" for _ in range(TESTS)]
        outputs = [printed(reference, stdin) for stdin in inputs]
        if outputs[0].strip() and len(set(outputs)) > 1:
            return tuple(map(_test, inputs, outputs))


def _test(stdin: str, expected: str) -> StdioTest:
    return StdioTest(stdin=stdin, expected_stdout=expected)
