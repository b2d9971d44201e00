"""What is known of problems without their tests, from one pass over them."""

import hashlib

import msgspec
import pytest

from harness.benchmarks.code_contests import code_contests
from harness.benchmarks.livecodebench import livecodebench
from harness.benchmarks.mini import mini
from harness.benchmarks.problem_info import fingerprint, info_of, problem_infos, sha256_of, usual_limits
from sandbox.records import AssertTest, CallTest, Limits, StdioTest, ValueTest
from trainers.demo.tasks import miniature

STDIO = StdioTest(stdin="1", expected_stdout="2")
CALL = CallTest(function="f", arguments=(1,), expected=2)
ASSERT = AssertTest(code="assert f() == 1", names=("f",))


def test_each_problem_is_looked_up_once(lazy_problems):
    """Only those that are judged are decoded, in the benchmark's order, whatever the order they are named in."""
    problems = lazy_problems("cab", split="train", difficulty="easy")

    infos = problem_infos(problems, ["b", "c"]).values()

    assert problems.looked_up == ["c", "b"]
    assert [(info.task_id, info.split, info.difficulty, info.kind) for info in infos] == [
        ("c", "train", "easy", "assert"),
        ("b", "train", "easy", "assert"),
    ]


def test_all_problems_are_looked_up_once(lazy_problems):
    """To ask whether a problem is there doesn't mean to decode it."""
    problems = lazy_problems("ab")

    assert len(problem_infos(problems, problems)) == 2
    assert problems.looked_up == ["a", "b"]


@pytest.mark.parametrize(
    ("tests", "kind"),
    [((STDIO, STDIO), "stdio"), ((CALL,), "call"), ((ASSERT,), "assert"), ((STDIO, CALL), "mixed")],
)
def test_the_kind_is_that_of_the_tests(make_problem, tests, kind):
    """Several kinds are mixed."""
    assert info_of(msgspec.structs.replace(make_problem(), tests=tests)).kind == kind


@pytest.mark.parametrize(
    "change",
    [{"tests": (CALL,)}, {"limits": Limits(cpu_s=5.0)}, {"statement": "other"}, {"entry_point": "f"}, {"split": "x"}],
)
def test_a_hash_covers_all_that_the_problem_says(make_problem, change):
    """Tests and limits included."""
    problem = make_problem()

    assert info_of(problem).sha256 == info_of(make_problem()).sha256
    assert info_of(problem).sha256 != info_of(msgspec.structs.replace(problem, **change)).sha256


def test_values_are_told_apart():
    """A list is no tuple, 1 is not True, text may not run over into its neighbour; the order inside a set is none."""
    values = [
        (1, 2), [1, 2], [2, 1], {1, 2}, frozenset({1, 2}), [True, 2], [1.0, 2], [1, 2.0], "(1, 2)", {1: 2}, {2: 1},
        ["a", "b"], ["ab"], ["a", ["b"]], [["a"], "b"], [12], [1, [2]], [[1], 2], 12, -12, "12", b"12", None, [None],
        [], 10**5000, [10**5000], "\ud800", "\ud801", "12 ", "21 ", ["a", "c"], STDIO, CALL,
        ValueTest(function="f", arguments=(1,)), msgspec.structs.asdict(CALL),
    ]  # fmt: skip

    assert len({sha256_of(value) for value in values}) == len(values)
    assert sha256_of({"a", "b", ("c", "d")}) == sha256_of({("c", "d"), "b", "a"})
    assert sha256_of({0, 8}) == sha256_of({8, 0})  # which are in one place of the table: who came first is first


@pytest.mark.parametrize(
    ("value", "fed"),
    [
        ("ab", b"str2:ab"),
        ("\u00e9", "str2:\u00e9".encode()),
        (255, b"intff;"),
        (True, b"boolTrue;"),
        (1.5, b"float1.5;"),
        ([10, 255], b"list2:a,ff"),
        (("a", None), b"tuple2:str1:aNoneTypeNone;"),
        ({"a": 1}, b"dict1:tuple2:str1:aint1;"),
        (AssertTest(code="c"), b"AssertTestdict3:tuple2:str4:codestr1:ctuple2:str5:setupstr0:tuple2:str5:namestuple0:"),
    ],
)
def test_a_hash_is_that_of_bytes_that_never_change(value, fed):
    """The hash of a problem stands in every run and result: written otherwise it would part them from earlier ones."""
    assert sha256_of(value) == hashlib.sha256(fed).hexdigest()


def test_a_fingerprint_depends_on_every_problem_and_their_order():
    """Ids and hashes alike."""
    prints = {
        fingerprint(problems)
        for problems in ({}, {"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    }

    assert len(prints) == 6


def test_usual_limits(make_info):
    """The limits that most problems have stand for all of them in the report."""
    slow = msgspec.structs.replace(make_info("slow"), limits=Limits(cpu_s=18.0))

    assert usual_limits([slow, make_info("a"), make_info("b")]) == Limits()


@pytest.mark.parametrize(
    ("benchmark", "task_id", "date", "family"),
    [
        (livecodebench, "abc301_a", "2023-05-13", "abc301"),
        (livecodebench, "1873_A", "2023-09-20", "1873"),
        (livecodebench, "2727", "2023-05-07", "2023-05-07"),
        (livecodebench, "2727", "", ""),
        (code_contests, "1575_A. Another Sorting Problem", "", "1575"),
        (code_contests, "p02623 AtCoder Beginner Contest_1", "", ""),
        (code_contests, "p02994 AtCoder Beginner Contest 131 - Bite Eating", "", "AtCoder Beginner Contest 131"),
        (code_contests, "p00001 List of Top 3 Hills", "", ""),
        (code_contests, "17", "", ""),
        (miniature, "test/longest_even_run/2", "", "longest_even_run"),
        (mini, "introductory/longest_even_run", "", ""),
    ],
)
def test_problems_of_a_contest_or_template_are_a_family(make_problem, benchmark, task_id, date, family):
    """As far as the benchmark tells; others stand alone."""
    assert benchmark.family(make_problem(task_id=task_id, date=date)) == family


def test_infos_name_the_family(make_problem):
    """From the function of the benchmark."""
    infos = problem_infos({"a": make_problem(task_id="a")}, ["a"], lambda problem: f"of {problem.task_id}")

    assert infos["a"].family == "of a"


def test_the_contest_of_a_problem_is_no_part_of_its_hash(make_problem):
    """Runs of before it was read stay comparable, and a mended address changes no task."""
    problem = make_problem()

    assert info_of(msgspec.structs.replace(problem, contest="codeforces/1036")) == info_of(problem)
