"""Every case gets the same judgement with scripts and without, in verdicts and in texts.

The cases: hostile.jsonl and the rows from the field; the escapes; MBPP's 974 references, and programs of its data that
are wrong; the known programs of `mini`; and every judgement that the sandbox's own tests ask for (TEST_MODULES), which
run in a process of their own with this file as a plugin of pytest. All but the last are judged to the first failure,
and once more to the end. A difference in a verdict fails; a difference in a text (detail, expected, actual, the limit
exceeded) too, unless a limit of time or memory was met, where what comes first is a matter of luck. Attacks that forge
replies speak the protocol of one of the two ways: where it is known which verdicts are right, differences among these
are told and count as none.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from mbpp_samples import COMPLETIONS, FULL, SANITIZED, cases, problems, recorded_samples, skip_without_data

from harness.benchmarks.mini import known_samples, mini
from sandbox.jail import ALL_LAYERS, Jail
from sandbox.judge import Judge
from sandbox.pool import Case
from sandbox.records import Judgement, Limits, Test, Verdict

sys.path.insert(0, str(Path(__file__).parents[1] / "sandbox"))  # two tests are called test_escapes
from field_rows import FIELD, HOSTILE, field_rows, hostile_rows  # the tests' own
from row_checks import KILLS, SMALL_HOST
from test_escapes import ESCAPES, LIMITS, PATIENT, TESTS, header

SANDBOX_TESTS = Path(__file__).parents[1] / "sandbox"
TEST_MODULES = """
    broken_tests call_checkers callbacks calls doctests endings examination failing_functions functions handles
    honest_programs hostile_values idioms implicit_protocols limits lookahead stdio value_sizes value_tests values
    verdict whose_time
    """.split()
PATCHES_ONE_PATH = "test_no_checker_looks_at_equal_bytes"
"""It patches the judge's process, where only one of the two looks."""
OTHER_PATH = {"scripts": False}
"""How a judge is told to ask for one call after another."""
DIFFERENCES = "BENCH_PATHS_DIFFERENCES"
"""Environment variable with the file for what differs, where this is a plugin."""
LIMITED = frozenset({Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT, Verdict.OUTPUT_LIMIT, Verdict.SANDBOX_ERROR})
DANGEROUS = {KILLS, SMALL_HOST}
"""Rows that need neighbours, or a host, of their own; bench_field.py has them."""


class Named(NamedTuple):
    """Names a case, the jail to judge it in, and the verdicts that are right, where they are known."""

    name: str
    case: Case
    jail: Jail = Jail()
    right: Collection[str] = ()


def main() -> int:
    """Judge all cases both ways; print what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every nth case only (default: 1)")
    parser.add_argument("--skip-tests", action="store_true", help="leave out what the sandbox's own tests judge")
    options = parser.parse_args()
    skip_without_data(FIELD, HOSTILE, FULL, SANITIZED, COMPLETIONS)
    started_s = time.monotonic()
    named = list(chain(from_rows(), from_escapes(), from_mini(), from_mbpp()))[:: options.every]
    found = list(compared(named))
    took_s = time.monotonic() - started_s
    print(f"{len(named)} cases, to the first failure and to the end: {len(found)} differ ({took_s:.0f} s)", flush=True)
    from_tests = [] if options.skip_tests else of_the_tests()
    return 1 if found or from_tests else 0


def from_rows() -> Iterator[Named]:
    """Yield the rows of the field and of hostile.jsonl."""
    for row in chain(field_rows(), hostile_rows()):
        if row.name not in DANGEROUS and not row.completion and Path(row.python or "/").exists():
            jail = Jail(python=row.python or sys.executable, layers=row.layers or ALL_LAYERS)
            case = Case(program=row.program, tests=row.tests, limits=row.limits)
            yield Named(row.name, case, jail, row.right)


def from_escapes() -> Iterator[Named]:
    """Yield the hostile programs of the tests."""
    for path in ESCAPES:
        source = path.read_text(encoding="utf-8", errors="surrogateescape")
        fields = header(source)
        limits, right = LIMITS if "time_limit" in fields["verdict"] else PATIENT, fields["verdict"].split()
        yield Named(path.stem, Case(program=source, tests=TESTS[fields["kind"]], limits=limits), right=right)


def from_mini() -> Iterator[Named]:
    """Yield the programs of known verdict."""
    known = mini.problems(None)
    for sample, _, _ in known_samples():
        problem = known[sample.task_id]
        name = f"mini {sample.task_id} {sample.index}"
        yield Named(name, Case(program=sample.completion, tests=problem.tests, limits=problem.limits))


def from_mbpp() -> Iterator[Named]:
    """Yield the references, and the distinct completions that are recorded as wrong."""
    for problem in problems(FULL).values():
        case = Case(program=problem.reference, tests=problem.tests, limits=problem.limits)
        yield Named(f"mbpp {problem.task_id}", case)
    wrong = [row for row in recorded_samples() if not row.passed]
    known = {}
    for row, case in zip(wrong, cases(wrong), strict=True):
        known.setdefault((case.program, row.sample.task_id), Named(f"mbpp_n10 {row.sample.key}", case))
    yield from known.values()


def compared(named: list[Named]) -> Iterator[str]:
    """Judge cases both ways; print what differs, and yield the names of those where it counts."""
    for jail in dict.fromkeys(jail for _, _, jail, _ in named):
        with Judge(jail) as judge, Judge(jail, **OTHER_PATH) as other:
            for name, case, _, right in (of_jail for of_jail in named if of_jail.jail == jail):
                for exhaustive in (False, True):
                    asked = (case.program, case.tests, case.limits)
                    both = [each.judge(*asked, exhaustive=exhaustive) for each in (judge, other)]
                    if told := difference(*both):
                        counts = not {judgement.verdict for judgement in both} <= set(right)
                        head = "DIFFERS" if counts else "differs, and both are right:"
                        print(f"{head} {name}{', exhaustively' * exhaustive}: {told}", flush=True)
                        yield from [name] * counts


def difference(one: Judgement, two: Judgement) -> str:
    """Return what is not the same in two judgements of a program; nothing where all that should be is."""
    by_luck = {outcome.verdict for outcome in (one, *one.per_test, *two.per_test)} & LIMITED
    if texts_of(one) == texts_of(two) or (one.verdict == two.verdict and by_luck):
        return ""
    pairs = zip(texts_of(one), texts_of(two), strict=False)
    different = [f"{first!r} / {second!r}" for first, second in pairs if first != second]
    return "; ".join(different)[:1000] or f"{len(one.per_test)} / {len(two.per_test)} tests"


def texts_of(judgement: Judgement) -> list[tuple[Any, ...]]:
    """Return all of a judgement that is no measurement."""
    outcomes = [(told.verdict, told.exceeded, told.detail, told.expected, told.actual) for told in judgement.per_test]
    return [(judgement.verdict, judgement.detail), *outcomes]


def of_the_tests() -> list[str]:
    """Run the sandbox's own tests with every judgement doubled; print and return what differs."""
    with tempfile.NamedTemporaryFile() as file:
        modules = [str(SANDBOX_TESTS / f"test_{name}.py") for name in TEST_MODULES]
        command = [
            sys.executable, "-m", "pytest", "-q", "--maxfail=1000", "-n", "0", "-p", "bench_paths",
            "-k", f"not {PATCHES_ONE_PATH}", *modules,
        ]  # fmt: skip
        places = f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"
        environment = {**os.environ, DIFFERENCES: file.name, "PYTHONPATH": places}
        ran = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=False, cwd=SANDBOX_TESTS.parents[1]
        )
        told = [json.loads(line) for line in Path(file.name).read_text().splitlines()]
    differing = [line for line in told if line]
    print(*(f"DIFFERS {line}" for line in differing), sep="\n")
    print(f"tests of the sandbox: {len(told)} judgements, {len(differing)} differ; {ran.stdout.splitlines()[-1]}")
    return differing


if DIFFERENCES in os.environ:  # we are a plugin of pytest
    twins = dict[Jail, Judge]()
    closing = ExitStack()
    alone = Judge.judge

    def judge_twice(
        self: Judge, program: str, tests: tuple[Test, ...], limits: Limits | None = None, *, exhaustive: bool = False
    ) -> Judgement:
        """Judge as ever, then the other way, and note what differs."""
        judgement = alone(self, program, tests, limits, exhaustive=exhaustive)
        twin = twins.get(self._jail) or closing.enter_context(Judge(self._jail, **OTHER_PATH))
        twins[self._jail] = twin
        told = difference(judgement, alone(twin, program, tests, limits, exhaustive=exhaustive))
        with Path(os.environ[DIFFERENCES]).open("a") as file:
            print(json.dumps(told and f"{os.environ.get('PYTEST_CURRENT_TEST')}: {told}"), file=file)
        return judgement

    Judge.judge = judge_twice

    def pytest_sessionfinish() -> None:
        """Close the judges of the other path."""
        closing.close()


if __name__ == "__main__":
    sys.exit(main())
