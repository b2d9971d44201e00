"""The miniature's tasks and programs: what it trains and examines on."""

from collections import Counter
from itertools import islice
from random import Random

import msgspec
import pytest

from harness.errors import UserError
from harness.plugins import resolve
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import StdioTest, Verdict
from trainers.demo.families import families
from trainers.demo.submissions import ACCEPTED_SHARE, WAITS, is_slow, submissions
from trainers.demo.tasks import LIMITS, TESTS, miniature, printed, problems, tasks, verdict_of

pytestmark = pytest.mark.slow

COUNT = sum(map(len, families().values()))
PROGRAMS_JUDGED = 6
FAST = msgspec.structs.replace(LIMITS, cpu_s=0.1)
"""What never ends needn't be waited for longer."""


def rng(number):
    """Return a source of chance."""
    return Random(number)  # noqa: S311 - drawing programs, not keys


def some(split, rounds=1, seed=0):
    """Return so many tasks of every family."""
    return list(islice(tasks(split, seed), COUNT * rounds))


def test_programs_have_the_verdict_that_they_claim():
    """Programs of every family, judged by the real sandbox, get what was claimed of them without it."""
    claimed = [
        (task, program)
        for number, task in enumerate(some("train"))
        for program in submissions(task, rng(number), PROGRAMS_JUDGED)
    ]
    cases = (Case(program=program.text, tests=task.tests, limits=FAST) for task, program in claimed)

    wrong = [
        (task.family, program, judgement.verdict)
        for (task, program), judgement in zip(claimed, judge_all(cases, Jail(), workers=2), strict=True)
        if judgement.verdict != program.verdict
    ]

    assert len(claimed) == COUNT * PROGRAMS_JUDGED
    assert wrong == []


def test_every_way_to_be_right_is_right():
    """The references and all other right programs of both splits pass all tests."""
    failed = [
        (task.family, text)
        for split in ("train", "test")
        for task in some(split, 3)
        for text in task.right
        if verdict_of(text, task.tests) != Verdict.ACCEPTED
    ]

    assert failed == []


def test_programs_that_would_need_too_long_are_slow():
    """No family's own slow program comes to an end soon."""
    slow = [(task, text) for task in some("train") for text in task.slow]
    cases = (Case(program=text, tests=task.tests, limits=FAST) for task, text in slow)

    assert len(slow) > 2
    assert {judgement.verdict for judgement in judge_all(cases, Jail(), workers=2)} == {Verdict.TIME_LIMIT}
    assert all(is_slow(text, task) for task, text in slow)


def test_held_out_tasks_are_in_no_training():
    """No statement of the test split is one of the train split, nor a text that differs in its sample only."""
    trained = [task for seed in (0, 1, 100) for task in some("train", 6, seed)]
    held_out = some("test", 6)

    assert {task.statement for task in held_out}.isdisjoint(task.statement for task in trained)
    assert {task.output_text for task in held_out}.isdisjoint(task.output_text for task in trained)


def test_a_task_is_asked_once():
    """No two tasks of a split have one statement."""
    statements = [task.statement for task in some("train", 10)]

    assert len(set(statements)) == len(statements)


def test_a_seed_decides_the_tasks():
    """Equal seeds give equal tasks, others give others."""
    assert some("train", seed=3) == some("train", seed=3) != some("train", seed=4)


def test_answers_differ_among_the_tests_of_a_task():
    """A program that always prints the same solves nothing."""
    for task in some("test", 3):
        assert len(task.tests) == TESTS
        assert len({test.expected_stdout for test in task.tests}) > 1


def test_submissions_are_right_and_wrong():
    """Every task gets both, every kind of failure occurs, and harder tasks have fewer right ones."""
    accepted, drawn, verdicts = Counter(), Counter(), Counter()
    for number, task in enumerate(some("train", 3)):
        found = tuple(submissions(task, rng(number), 12))
        verdicts.update(program.verdict for program in found)
        accepted[task.difficulty] += sum(program.verdict == Verdict.ACCEPTED for program in found)
        drawn[task.difficulty] += len(found)
        assert 0 < sum(program.verdict == Verdict.ACCEPTED for program in found) < len(found) == 12
        assert len({program.text for program in found}) == 12

    shares = [accepted[difficulty] / drawn[difficulty] for difficulty in ACCEPTED_SHARE]
    assert set(verdicts) == {
        Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR, Verdict.TIME_LIMIT, Verdict.COMPILE_ERROR,
    }  # fmt: skip
    assert shares[0] > shares[2] > 0.2


@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        ("print(int(input()) + 1)", Verdict.ACCEPTED),
        ("print(int(input()) + 2)", Verdict.WRONG_ANSWER),
        ("input()\nprint(input())", Verdict.RUNTIME_ERROR),
        ("print(int(input()) + 1", Verdict.COMPILE_ERROR),
        (f"{WAITS[0]}print(2)", None),
        ("try:\n    while True:\n        pass\nexcept Exception:\n    print(2)", None),
    ],
)
def test_verdicts_without_the_sandbox(program, verdict):
    """Our own programs are run here, up to a number of lines; None says that one doesn't end."""
    assert verdict_of(program, (StdioTest(stdin="1\n", expected_stdout="2\n"),)) is verdict


def test_what_a_program_prints():
    """Standard input by lines, standard output as text."""
    assert printed("a, b = input(), input()\nprint(b, a, sep='-')", "x\ny\n") == "y-x\n"


def test_the_benchmark():
    """Three difficulties, three problems of each family in each split, found under its name."""
    found = problems(None)
    of_test = [problem for problem in found.values() if problem.split == "test"]

    assert resolve("proctor.benchmarks", "trainers/demo/tasks.py:miniature", type(miniature)).name
    assert len(of_test) == len(found) / 2 == 3 * COUNT
    assert {problem.difficulty for problem in of_test[:12]} == {"introductory", "interview", "competition"}
    assert list(found)[: len(of_test)] == [problem.task_id for problem in of_test]
    assert found == {task_id: problem for problem in found.values() for task_id in (problem.task_id,)}


def test_the_benchmark_reads_no_data(tmp_path):
    """Its problems are made."""
    with pytest.raises(UserError, match="leave out --data"):
        problems(tmp_path)
