"""Submissions become groups: every rule, every row accounted for, the same bytes with any number of workers."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from harness.runs.records import Problem
from sandbox.records import StdioTest
from trainers.compile.data_card import KEPT, PROBLEMS, ROWS, TOTALS, Counts, Recipe, Rule
from trainers.compile.decontamination import contamination
from trainers.compile.pipeline import Candidate, CompilePlan, compile_all, compile_candidates, compile_codenet_problem
from trainers.compile.rewards import PAPER, RewardTable, RewardTerms, Status

AC, WA, CE = "Accepted", "Wrong Answer", "Compile Error"


def fates(compiled):
    """Return the fates of the rows."""
    return {rule: count for (table, rule), count in compiled.counts.items() if table == ROWS and count}


def plan(**options):
    """Return a plan that counts words as tokens."""
    return CompilePlan(recipe=Recipe(rewards=PAPER, **options), count_tokens=lambda text: len(text.split()))


def compiled(candidates, by=None, *, must_parse=True):
    """Compile candidates of one problem."""
    return compile_candidates("p00001", "prompt", candidates, by or plan(), must_parse=must_parse)


def test_a_group_holds_its_members_side_by_side(make_candidates):
    """One accepted and three rejected make one group of four, each with its own reward, status and id."""
    candidates = make_candidates(AC, WA, CE, "Runtime Error")
    by_id = {candidate.source_id: candidate for candidate in candidates}

    (group,) = compiled(candidates).groups

    assert (group.problem_id, group.prompt) == ("p00001", "prompt")
    assert sorted(group.source_ids) == sorted(by_id)
    assert group.completions == tuple(by_id[source_id].completion for source_id in group.source_ids)
    assert group.statuses == tuple(by_id[source_id].status for source_id in group.source_ids)
    assert group.rewards == tuple(PAPER.rewards[Status(status)] for status in group.statuses)


def test_every_row_has_one_fate(make_candidates):
    """The rules in their order, and what is left over."""
    candidates = [
        *make_candidates(AC, AC, AC, WA, WA, WA, CE, WA),
        Candidate(source_id="a", completion="print 1", status=Status.WRONG_ANSWER),  # Python 2
        Candidate(source_id="b", completion="print(0)  # again", status=Status.ACCEPTED),  # the first one's tokens
        Candidate(source_id="c", completion="print(3)", status=Status.ACCEPTED),  # the tokens of a rejected one
        Candidate(source_id="d", completion="x = 1\n" * 3, status=Status.WRONG_ANSWER),  # nine words
        Candidate(source_id="e", completion="print(7 7", status=Status.COMPILE_ERROR),
    ]

    found = compiled(candidates, plan(max_tokens=8, max_accepted=2))

    assert fates(found) == {
        Rule.NOT_PYTHON_3: 1,
        Rule.REPEATED: 1,
        Rule.CONTRADICTORY: 2,
        Rule.TOO_LONG: 1,
        Rule.OVER_CAP: 1,
        KEPT: 4,
        Rule.NO_PARTNER: 3,
    }
    assert sum(fates(found).values()) == len(candidates)


def test_samples_of_runs_need_not_parse(make_candidates):
    """A completion may be prose around a program."""
    prose = Candidate(source_id="x", completion="Sure! Here it is:", status=Status.WRONG_ANSWER)
    candidates = (*make_candidates(AC, WA, WA), prose)

    assert len(compiled(candidates, must_parse=False).groups) == 1
    assert compiled(candidates).groups == ()


def test_no_group_without_both_outcomes(make_candidates):
    """Only accepted, only rejected, or too few of both."""
    for statuses in ([AC] * 8, [WA] * 8, [AC, WA, WA]):
        found = compiled(make_candidates(*statuses))
        assert found.groups == ()
        assert fates(found) == {Rule.NO_PARTNER: len(statuses)}


def test_an_accepted_submission_is_in_one_group_at_most(make_candidates):
    """Two accepted and ten rejected make two groups, with one accepted each."""
    found = compiled(make_candidates(*[AC] * 2, *[WA] * 10))

    assert [group.statuses.count(AC) for group in found.groups] == [1, 1]
    assert fates(found) == {KEPT: 8, Rule.NO_PARTNER: 4}


def test_totals_are_counted(make_candidates):
    """One group of four programs of one word, and a prompt of one word."""
    counts = compiled(make_candidates(AC, WA, WA, WA)).counts

    assert (counts[TOTALS, "groups"], counts[TOTALS, "completions"]) == (1, 4)
    assert (counts[TOTALS, "prompt tokens"], counts[TOTALS, "completion tokens"]) == (1, 4)


def test_extra_terms_reach_the_rewards():
    """The median of 100 and 300 ms is 200: the fast one gains half the weight, the slow one loses it."""
    table = RewardTable(rewards=PAPER.rewards, terms=RewardTerms(cpu_time=0.2))
    candidates = [
        Candidate(source_id=f"s{ms}", completion=f"print({ms})", status=Status(status), cpu_time_ms=float(ms))
        for ms, status in ((100, AC), (300, AC), (1, WA), (2, WA))
    ]
    by = CompilePlan(recipe=Recipe(rewards=table))

    (group,) = compiled(candidates, by).groups

    rewards = dict(zip(group.source_ids, group.rewards, strict=True))
    assert rewards == pytest.approx({"s100": 1.1, "s300": 0.9, "s1": -0.1, "s2": -0.1})


def test_a_problem_of_the_tree(make_tree, row):
    """From the files to a group with the statement in the prompt; statuses without reward need no source."""
    rows = [row(1), row(2, WA), row(3, WA), row(4, WA), row(5, "Memory Limit Exceeded"), row(6)]
    tree = make_tree(rows, {number: f"print({number})\n" for number in range(1, 5)})

    found = compile_codenet_problem("p00001", tree=tree, language="en", plan=plan())

    assert "Read two integers" in found.groups[0].prompt
    assert found.groups[0].prompt.endswith("Use Standard Input format\nANSWER:\n")  # of the card `apps`
    assert fates(found) == {KEPT: 4, Rule.NO_REWARD: 1, Rule.NO_SOURCE: 1}


@pytest.mark.parametrize(
    ("page", "rule"),
    [
        (None, Rule.NO_STATEMENT),
        ("<h1>x</h1>", Rule.EMPTY_STATEMENT),
        ("<img src='x'>", Rule.STATEMENT_IN_IMAGES),
        ("整数を一つ読み込み、その二倍を一行に出力するプログラムを作成してください。", Rule.OTHER_TONGUE),
    ],
)
def test_a_problem_without_a_statement_is_dropped(make_tree, page, rule, row):
    """With all its rows, by the statement's rule."""
    tree = make_tree([row(1), row(2, WA)], {}, page=page)

    found = compile_codenet_problem("p00001", tree=tree, language="en", plan=plan())

    assert found.groups == ()
    assert fates(found) == {rule: 2}
    assert found.counts[PROBLEMS, rule] == 1


@pytest.mark.parametrize(("keep", "groups"), [(False, 0), (True, 1)])
def test_contaminated_statements(make_tree, keep, groups, row):
    """Dropped, or only reported."""
    statement = "Read two integers from a line of the standard input and print their sum."
    test = StdioTest(stdin="", expected_stdout="")
    problem = Problem(task_id="9", benchmark="toy", split="test", statement=statement, tests=(test,))
    recipe = Recipe(rewards=PAPER, against=("toy",), keep_contaminated=keep)
    by = CompilePlan(recipe=recipe, contamination=contamination({"toy": (problem,)}, 0.5))
    tree = make_tree([row(1), *(row(n, WA) for n in (2, 3, 4))], {n: f"print({n})\n" for n in range(1, 5)})

    found = compile_codenet_problem("p00001", tree=tree, language="en", plan=by)

    assert [match.task_id for match in found.matches] == ["9"]
    assert len(found.groups) == groups
    assert fates(found) == ({KEPT: 4} if keep else {Rule.CONTAMINATED_STATEMENT: 4})


@pytest.mark.parametrize("keep", [False, True])
def test_contaminated_code(make_candidates, keep):
    """The program that holds a reference is dropped, or only reported."""
    reference = "def shared(first, second):\n    return tuple(set(first) & set(second))\n"
    test = StdioTest(stdin="", expected_stdout="")
    problem = Problem(task_id="9", benchmark="toy", split="test", statement="", tests=(test,), reference=reference)
    copied = Candidate(source_id="x", completion=f"import sys\n{reference}", status=Status.ACCEPTED)
    recipe = Recipe(rewards=PAPER, against=("toy",), keep_contaminated=keep)
    by = CompilePlan(recipe=recipe, contamination=contamination({"toy": (problem,)}, 0.5))

    found = compiled((copied, *make_candidates(WA, WA, WA)), by)

    assert [match.what for match in found.matches] == ["x"]
    assert fates(found) == ({KEPT: 4} if keep else {Rule.CONTAMINATED_CODE: 1, Rule.NO_PARTNER: 3})


def words(text):
    """Count words; a function of a module can be sent to other processes."""
    return len(text.split())


@pytest.mark.slow
def test_workers_change_nothing(make_tree, row):
    """The same groups and counts, in the order of the problems, with 1, 2 and 4 processes."""
    ids = [f"p{number:05}" for number in range(1, 6)]
    for number, problem_id in enumerate(ids):
        numbers = range(100 * number, 100 * number + 8 + number)
        tree = make_tree(
            [row(n, AC if n % 3 else WA, problem_id=problem_id) for n in numbers],
            {n: f"print({n})\n" for n in numbers},
            problem_id=problem_id,
        )
    by = CompilePlan(recipe=Recipe(rewards=PAPER, seed=3))
    work = partial(compile_codenet_problem, tree=tree, language="any", plan=by)

    one, two, four = (list(compile_all(work, ids, workers)) for workers in (1, 2, 4))

    assert one == two == four
    assert [found.groups[0].problem_id for found in one] == ids
    assert sum((found.counts for found in one), Counts())[ROWS, KEPT] == 4 * sum(len(found.groups) for found in one)


ORPHAN_MAKER = """
import os, signal, sys
from functools import partial
from trainers.compile.pipeline import compile_all

def work(path, job):
    fifo = open(path, "wb", buffering=0)
    fifo.write(b"worker")
    os.kill(os.getppid(), signal.SIGKILL)
    signal.pause()

if __name__ == "__main__":
    list(compile_all(partial(work, sys.argv[1]), ["job"], 1))
"""


def test_workers_end_with_the_process_that_started_them(tmp_path):
    """Even if that is killed: the pipe that the worker holds open comes to its end."""
    (tmp_path / "script.py").write_text(ORPHAN_MAKER)
    os.mkfifo(tmp_path / "fifo")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    script = [sys.executable, tmp_path / "script.py", tmp_path / "fifo"]
    with subprocess.Popen(script, env=environment) as started, (tmp_path / "fifo").open("rb") as pipe:
        said = pipe.read()

    assert said == b"worker"
    assert started.returncode == -signal.SIGKILL
