"""Rejudging, in the real sandbox: members of groups on the samples of their statements."""

import pytest

from sandbox.jail import Jail
from trainers.compile.rejudge import UNTRIED, Rejudged, rejudge, sample_tests
from trainers.groups import Group

pytestmark = pytest.mark.slow

SUM = "a, b = map(int, input().split())\nprint(a + b)\n"


def group(problem_id, *members):
    """Return a group of (completion, status)."""
    completions, statuses = zip(*members, strict=True)
    ids = tuple(f"{problem_id}/{number}" for number in range(len(members)))
    return Group(
        problem_id=problem_id, prompt="", completions=completions, rewards=(1.0,) * len(members), statuses=statuses,
        source_ids=ids,
    )  # fmt: skip


def test_members_get_verdicts(make_tree):
    """Right, wrong, crashing, not compiling; a problem without samples is not tried, and comes last."""
    make_tree([], {}, problem_id="p00002", page="<p>Read two integers and print whatever you want of them.</p>")
    tree = make_tree([], {})
    members = [(SUM, "Accepted"), ("print(4)", "Wrong Answer"), ("1/0", "Runtime Error"), ("print 3", "Accepted")]
    groups = [group("p00002", (SUM, "Accepted"), ("print(4)", "Wrong Answer")), group("p00001", *members)]

    found = list(rejudge(groups, sample_tests(tree), Jail(), 1))

    assert found == [
        Rejudged("p00001", "p00001/0", "Accepted", "accepted"),
        Rejudged("p00001", "p00001/1", "Wrong Answer", "wrong_answer"),
        Rejudged("p00001", "p00001/2", "Runtime Error", "runtime_error"),
        Rejudged("p00001", "p00001/3", "Accepted", "compile_error"),
        Rejudged("p00002", "p00002/0", "Accepted", UNTRIED),
        Rejudged("p00002", "p00002/1", "Wrong Answer", UNTRIED),
    ]


@pytest.mark.parametrize(("time_limit", "cpu_s", "wall_s"), [("8000", 8.0, 20.0), ("1000", 4.0, 10.0), ("", 4.0, 10.0)])
def test_a_long_time_limit_is_the_problems_own(make_tree, time_limit, cpu_s, wall_s):
    """Ours where it is shorter or unknown; wall time in the usual proportion."""
    tree = make_tree([], {})
    (tree / "metadata" / "problem_list.csv").write_text(f"id,name,dataset,time_limit\np00001,Sum,AIZU,{time_limit}\n")

    examination = sample_tests(tree)("p00001")

    assert (examination.limits.cpu_s, examination.limits.wall_s) == (cpu_s, wall_s)
    assert [(test.stdin, test.expected_stdout) for test in examination.tests] == [("1 2\n", "3\n")]
