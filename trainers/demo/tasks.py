"""Makes the demo's tasks from families, for models of a million parameters, and their benchmark.

Parameters are filled in, inputs sampled, and answers printed by the reference, which runs in this process: our own
programs only, never a model's, which belong in the sandbox.
"""

import hashlib
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import islice, product, zip_longest
from pathlib import Path
from random import Random
from string import Template
from types import CodeType, FrameType
from typing import Any, Literal

import msgspec

from harness.benchmarks.benchmark import Benchmark
from harness.errors import UserError
from harness.runs.records import Problem
from sandbox.inside.checkers import lines
from sandbox.records import Limits, StdioTest, Verdict
from trainers.demo.families import Family, Parameters, families

MOST_LINES = 20_000
"""Lines that a program may run; those that come to an end run far fewer."""

_FILE = "<miniature>"


class _Endless(BaseException):
    """Ends a program that has run too many lines; no program catches this."""


def printed(program: str | CodeType, stdin: str) -> str:
    """Return the output of a program of ours.

    Args:
        program: One of ours, as text or compiled: it runs in this process.
        stdin: Its input.

    Returns:
        All that it printed; what it raises is let through.
    """
    rows, stdout = iter(stdin.splitlines()), io.StringIO()

    def read() -> str:
        try:
            return next(rows)
        except StopIteration:
            raise EOFError from None

    exec(program, {"input": read, "print": partial(print, file=stdout)})  # noqa: S102 - one of our own programs
    return stdout.getvalue()


def verdict_of(program: str, tests: Sequence[StdioTest]) -> Verdict | None:
    """Return the verdict on a program of ours.

    Args:
        program: One of ours: it runs in this process.
        tests: At least one.

    Returns:
        The verdict of the first test that fails, or accepted; None where it runs more than `MOST_LINES`.
    """
    try:
        code = compile(program, _FILE, "exec")
    except SyntaxError:
        return Verdict.COMPILE_ERROR
    for test in tests:
        try:
            output = _printed_soon(code, test.stdin)
        except _Endless:
            return None
        except Exception:  # noqa: BLE001 - the program may raise anything
            return Verdict.RUNTIME_ERROR
        if not lines(test.expected_stdout.encode(), output.encode()):
            return Verdict.WRONG_ANSWER
    return Verdict.ACCEPTED


def _printed_soon(code: CodeType, stdin: str) -> str:
    """Return the output of the program; raise _Endless where it runs more lines than it may."""
    left = MOST_LINES

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename != _FILE:
            return None
        left -= event == "line"
        if left < 0:
            raise _Endless
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        return printed(code, stdin)
    finally:
        sys.settrace(before)


Split = Literal["train", "test"]

TESTS = 6
"""Of each task; the first is the sample in the statement."""

_HELD_OUT = 5
"""One in so many parameters of a family is for the test split, in all its phrasings."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a problem with the programs that solve it, and those that would if they had the time."""

    family: str
    difficulty: str
    input_text: str
    output_text: str
    tests: tuple[StdioTest, ...]
    right: tuple[str, ...]
    slow: tuple[str, ...]

    @property
    def statement(self) -> str:
        """Return the text of the problem, as the compiler of groups takes it from its page."""
        parts = (("Input", self.input_text), ("Output", self.output_text), *self.sample)
        return "\n\n".join(f"{heading}\n{text}" for heading, text in parts)

    @property
    def sample(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return the headings and texts of the sample."""
        first = self.tests[0]
        return ("Sample Input", first.stdin.rstrip("\n")), ("Sample Output", first.expected_stdout.rstrip("\n"))


def tasks(split: Split, seed: int) -> Iterator[Task]:
    """Yield tasks in rounds of one of each family, difficulties in turn, no two with the same statement.

    The splits share no family's parameters under any seed. A family that has run out of parameters is left out of
    the rounds that follow, and the tasks end when all have.

    Args:
        split: train or test.
        seed: Decides the order of the parameters and their phrasings.

    Yields:
        The tasks; the same for the same split and seed.
    """
    by_difficulty = [
        [_of_family(difficulty, family, split, seed) for family in of_it] for difficulty, of_it in families().items()
    ]
    streams = [stream for turn in zip_longest(*by_difficulty) for stream in turn if stream]
    while round_ := [task for stream in streams for task in islice(stream, 1)]:
        yield from round_


def _of_family(difficulty: str, family: Family, split: Split, seed: int) -> Iterator[Task]:
    """Yield a task for each choice of parameters in random order, each in one phrasing, then all in the others."""
    choices = [dict(zip(family.parameters, values, strict=True)) for values in product(*family.parameters.values())]
    mine = [choice for choice in choices if _split_of(family, choice) == split]
    rng = Random(f"{split}/{seed}/{family.name}")  # noqa: S311 - sampling tasks, not keys
    rng.shuffle(mine)
    first = [rng.randrange(len(family.phrasings)) for _ in mine]
    for turn in range(len(family.phrasings)):
        for choice, phrasing in zip(mine, first, strict=True):
            yield _task(difficulty, family, choice, (phrasing + turn) % len(family.phrasings))


def _split_of(family: Family, parameters: Parameters) -> Split:
    named = f"{family.name} {sorted(parameters.items())}"
    return "train" if hashlib.sha256(named.encode()).digest()[0] % _HELD_OUT else "test"


def _task(difficulty: str, family: Family, parameters: Parameters, phrasing: int) -> Task:
    def filled(template: str) -> str:
        return Template(template).substitute(parameters)

    right = tuple(filled(reading + body) for body in family.right for reading in family.readings)
    return Task(
        family=family.name,
        difficulty=difficulty,
        input_text=family.input_text,
        output_text=filled(family.phrasings[phrasing]),
        tests=_tests(family, parameters, phrasing, right[0]),
        right=right,
        slow=tuple(filled(family.readings[0] + body) for body in family.slow),
    )


def _tests(family: Family, parameters: Mapping[str, int | str], phrasing: int, reference: str) -> tuple[StdioTest, ...]:
    """Sample inputs until their answers differ: else a program that always prints the same would be right."""
    rng = Random(f"{family.name} {sorted(parameters.items())} {phrasing}")  # noqa: S311 - sampling inputs, not keys
    while True:
        inputs = [f"{family.sample_input(rng, parameters)}\n" for _ in range(TESTS)]
        outputs = [printed(reference, stdin) for stdin in inputs]
        if outputs[0].strip() and len(set(outputs)) > 1:
            return tuple(map(_test, inputs, outputs))


def _test(stdin: str, expected: str) -> StdioTest:
    return StdioTest(stdin=stdin, expected_stdout=expected)


SEED = 0
"""Of the problems, which are the same everywhere."""

ROUNDS: Mapping[Split, int] = {"test": 3, "train": 3}
"""Problems of each family."""

LIMITS = Limits(cpu_s=0.2, wall_s=5.0, memory_bytes=256 << 20, output_bytes=1 << 20)
"""The references take some milliseconds."""


def problem_of(task: Task, task_id: str, split: Split) -> Problem:
    """Return a task as a problem of this benchmark.

    Args:
        task: The task; its first right program is the reference.
        task_id: Id of the problem.
        split: Split that the task is from.

    Returns:
        The problem, with the limits of `LIMITS`.
    """
    return Problem(
        task_id=task_id,
        benchmark="miniature",
        split=split,
        statement=task.statement,
        tests=task.tests,
        limits=LIMITS,
        difficulty=task.difficulty,
        reference=task.right[0],
    )


def problems(data: Path | None) -> Mapping[str, Problem]:
    """Return the problems of the benchmark.

    Args:
        data: None; the problems have no file.

    Returns:
        Task id -> problem, those of the test split first; any prefix has all difficulties and families.

    Raises:
        UserError: A file was named; the problems are made, not read.
    """
    if data is not None:
        raise UserError(f"{data}: the problems of miniature are made, not read; leave out --data")
    return _made()


@cache
def _made() -> Mapping[str, Problem]:
    return {problem.task_id: problem for split in ROUNDS for problem in _of_split(split)}


def _of_split(split: Split) -> Iterator[Problem]:
    count = sum(map(len, families().values()))
    for number, task in enumerate(islice(tasks(split, SEED), count * ROUNDS[split])):
        yield problem_of(task, f"{split}/{task.family}/{number // count}", split)


def _family(problem: Problem) -> str:
    return problem.task_id.split("/")[1]


miniature = Benchmark(
    name="miniature",
    problems=problems,
    family=_family,
    prompt_card="apps",
    about="Tasks of one to five lines, made from sixty families: what a model of a million parameters can learn.",
    source="ships with proctor",
    licence="Apache-2.0",
    size="180 problems of the split test, 180 of the split train: three of each family",
)
