"""CodeContests: rows of its own and of rLLM, and how its outputs are compared."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.code_contests import code_contests
from harness.benchmarks.contest_output import contest_output
from harness.cli.main import run
from harness.errors import UserError
from sandbox.records import AssertTest

DATA = Path(__file__).parents[2].parent / "shared" / "data2" / "rllm"

ROW = {
    "name": "1575_A. Sum", "description": "Add.", "source": 2, "difficulty": 7,
    "time_limit": {"seconds": 5, "nanos": 500_000_000},
    "public_tests": {"input": ["1 2\n"], "output": ["3\n"]}, "private_tests": {"input": ["2 2\n"], "output": ["4\n"]},
    "generated_tests": {"input": ["5 5\n"], "output": ["10\n"]},
    "solutions": {"language": [2, 3, 3], "solution": ["int main(){}", "print(sum(map(int, input().split())))", "x"]},
}  # fmt: skip


@pytest.fixture
def load(tmp_path):
    """Return a function that opens rows as one file."""

    def load(*rows):
        (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return code_contests.problems(tmp_path / "rows.jsonl")

    return load


def test_a_problem(load):
    """Public, private and generated tests; the first program of Python 3 is the reference, and may take 5.5 s."""
    (problem,) = load(ROW).values()

    assert (problem.task_id, problem.benchmark, problem.difficulty) == ("1575_A. Sum", "code-contests", "A")
    assert [(test.stdin, test.expected_stdout) for test in problem.tests] == [
        ("1 2\n", "3\n"), ("2 2\n", "4\n"), ("5 5\n", "10\n"),
    ]  # fmt: skip
    assert (problem.reference, problem.limits.cpu_s) == ("print(sum(map(int, input().split())))", 5.5)


@pytest.mark.parametrize(("limit", "cpu_s"), [(None, 4.0), ({"seconds": 1, "nanos": 0}, 4.0)])
def test_a_short_limit_is_ours(load, limit, cpu_s):
    """That of the contest is for compiled programs."""
    (problem,) = load(ROW | {"time_limit": limit, "solutions": {"language": [1], "solution": ["print 1"]}}).values()

    assert (problem.limits.cpu_s, problem.reference) == (cpu_s, "")


@pytest.mark.parametrize(
    ("tests", "name"),
    [
        ({"inputs": ["1"], "outputs": ["2"]}, "code-contests-rllm"),
        ([{"input": "1", "output": "2"}], "codeforces-rllm"),
    ],
)  # fmt: skip
def test_rows_of_rllm_bear_another_name(load, tests, name):
    """They have other tests, and no limits."""
    (problem,) = load({"problem": "Add.", "tests": tests}).values()

    assert (problem.task_id, problem.benchmark, problem.tests[0].expected_stdout) == ("0", name, "2")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (ROW | {"public_tests": {"input": ["1"], "output": []}}, "has 3 inputs, but 2 outputs"),
        (ROW | {"time_limit": {"seconds": 10**30, "nanos": 0}}, "Expected `int` <= 1000"),
        ({"problem": "x", "tests": {"functional": 1}}, "Expected `str`, got `int`"),
        ({"problem": "x", "tests": {}}, "missing required field `inputs`"),
        ({"problem": "x", "tests": []}, "has no tests"),
    ],
)
def test_a_malformed_row_is_told_when_it_is_looked_up(load, row, problem):
    """With its line."""
    with pytest.raises(UserError, match=rf"rows.jsonl:1: .*{problem}"):
        list(load(row).values())


def test_a_method_that_assertions_call(load):
    """The class is the program's; the end of the statement is how it begins."""
    test = "def check(candidate):\n    assert candidate(a = 1) == 2\n\n\ncheck(Solution().f)"
    begun = "class Solution:\n    def f(self, a: int) -> int:\n"

    (problem,) = load(
        {
            "problem": f"Add.\n```python\n{begun}```",
            "tests": {"functional": test},
            "solutions": f"{begun}        return 2",
        }
    ).values()

    assert (problem.benchmark, problem.starter_code) == ("leetcode-rllm", begun)
    assert problem.tests == (AssertTest(code=test, names=("Solution",)),)


def test_other_rows_and_no_file_are_refused(load):
    """With what is wanted."""
    with pytest.raises(UserError, match="is not a row of CodeContests"):
        load({"task_id": 1})
    with pytest.raises(UserError, match="needs --data with rows of deepmind/code_contests"):
        code_contests.problems(None)


@pytest.mark.parametrize(
    ("expected", "actual", "is_right"),
    [
        (b"YES 1\n", b"yes\n1", True), (b"1 2", b"1", False), (b"1", b"1 2", False), (b"", b"\n", True),
        (b"0.5", b".500009", True), (b"0.5", b"0.50002", False), (b"5", b"5.000001", True), (b"5", b"five", False),
        (b"1000000007", b"1000000006", False), (b"+07", b"7", True), (b"-0", b"0", True), (b"-1", b"1", False),
        (b"9" * 5000, b"9" * 4999 + b"8", False), (b"0" + b"9" * 5000, b"9" * 5000, True),
        (b"1.5", b"nan", False), (b"1e999", b"2e999", False), (b"1_0", b"10", False),
    ],
)  # fmt: skip
def test_outputs_are_compared_by_words_and_numbers(expected, actual, is_right):
    """As the authors' own judge does, but whole numbers to the digit at any length."""
    assert contest_output(expected, actual) is is_right


@given(st.decimals(-(10**6), 10**6, places=7), st.decimals(Decimal("-0.000009"), Decimal("0.000009"), places=7))
def test_a_number_may_differ_by_a_hundred_thousandth(number, difference):
    """Either way."""
    assert contest_output(f"{number:f}".encode(), f"{number + difference:f}".encode())
    assert not contest_output(f"{number:f}".encode(), f"{number + 1:f}".encode())


@given(st.binary(), st.binary())
def test_any_output_is_compared(expected, actual):
    """An output equals itself, and nothing is raised."""
    assert contest_output(expected, expected)
    contest_output(expected, actual)


@pytest.mark.slow
def test_the_reference_is_accepted(tmp_path, capsys):
    """By the checker, in the jail."""
    (tmp_path / "rows.jsonl").write_text(json.dumps(ROW))
    benchmark = "harness.benchmarks.code_contests:code_contests"

    assert run(["audit", "--benchmark", benchmark, "--data", str(tmp_path / "rows.jsonl"), "--repeat", "1"]) == 0
    assert "Ceiling: 1 of 1 references" in capsys.readouterr().out


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data2")
@pytest.mark.parametrize(
    ("name", "benchmark", "problems"),
    [
        ("code_contests_test_sample", "code-contests-rllm", 112),
        ("codeforces_test_sample", "codeforces-rllm", 71),
        ("leetcode_test", "leetcode-rllm", 134),
    ],
)
def test_the_real_files(name, benchmark, problems):
    """Every row of rLLM's."""
    opened = code_contests.problems(DATA / f"{name}.json.gz")

    assert [problem.benchmark for problem in opened.values()] == [benchmark] * problems
