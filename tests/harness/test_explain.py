"""Why a sample failed."""

import json
import re

import msgspec
import pytest

from harness import explain as module
from harness.cli.main import run
from harness.errors import UserError
from harness.explain import choose_evaluation, explain, explanation_markdown
from harness.extraction.reading import Extraction
from harness.syntax import NO_PROGRAM
from sandbox import records
from sandbox.records import AssertTest, CallTest, StdioTest, Verdict

pytestmark = pytest.mark.slow


def outcome(verdict=Verdict.ACCEPTED, expected="", actual="", detail=""):
    """Return what one test found."""
    return records.TestOutcome(
        verdict=verdict, cpu_s=0.0, wall_s=0.0, peak_memory_bytes=0, expected=expected, actual=actual, detail=detail
    )


READS_4 = StdioTest(stdin="4", expected_stdout="1\n2\n")
WRONG = outcome(Verdict.WRONG_ANSWER, "1\n2\n", "1\n3\n", "the output differs")


@pytest.fixture
def explained(make_sample, make_evaluation, make_problem):
    """Return a function that explains a sample whose second test failed, given the test and the outcome."""

    def explain_failure(test=READS_4, found=WRONG, **sample):
        problem = msgspec.structs.replace(make_problem(), tests=(test, test, test))
        evaluation = msgspec.structs.replace(
            make_evaluation(verdict=found.verdict), per_test=(outcome(), found), detail=found.detail
        )
        return explain(make_sample(**sample), evaluation, problem, "whole")

    return explain_failure


def test_the_first_failing_test_is_shown(explained):
    """Program, what it read, and a unified diff of expected and actual."""
    assert explanation_markdown(explained(completion="print(1)\nprint(3)")) == (
        """\
# Task 1, sample 0 of m: wrong_answer

the output differs

Extraction: whole, 0 characters left out.

## Program

    print(1)
    print(3)

## Test 2 of 3: wrong_answer

    4

## Expected against actual

    --- expected
    +++ actual
    @@ -1,2 +1,2 @@
     1
    -2
    +3"""
    )


@pytest.mark.parametrize(
    ("test", "text"),
    [
        (AssertTest(code="assert f() == 1", setup="import math", names=("f",)), "import math\nassert f() == 1"),
        (CallTest(function="f", arguments=(1, "a", {2}), expected=3), "f(1, 'a', {2})"),
        (StdioTest(stdin="x" * 4001, expected_stdout=""), f"{'x' * 4000}... (4001 characters)"),
    ],
)
def test_every_kind_of_test_is_shown(explained, test, text):
    """A statement with its setup, a call, or what was read; a long one is cut and its length told."""
    assert explained(test).failed.test == text


def test_ends_of_lines_are_made_visible(explained):
    """Two texts that look alike are quoted."""
    difference = explained(found=outcome(Verdict.WRONG_ANSWER, "1\n", "1")).failed.difference

    assert difference.splitlines()[-2:] == [r"-'1\n'", "+'1'"]


def test_nothing_to_compare(explained):
    """A program that crashed has no output to compare."""
    found = explained(found=outcome(Verdict.RUNTIME_ERROR, detail="ZeroDivisionError: division by zero"))

    assert found.failed.difference == ""
    assert "Expected against actual" not in explanation_markdown(found)


def test_an_accepted_sample(make_sample, make_evaluation, make_problem):
    """There is nothing to explain, and that is said."""
    told = explanation_markdown(explain(make_sample(), make_evaluation(), make_problem(), "whole"))

    assert "Every test that was judged passed." in told
    assert "## Test" not in told


def test_what_extraction_left_out_is_shown(monkeypatch, explained):
    """Piece by piece."""
    found = Extraction(program="p", rule="fence", discarded=("Sure:\n", "Bye."), complete=False)
    monkeypatch.setattr(module, "program_of", lambda *_: found)

    told = explanation_markdown(explained())

    assert "Extraction: whole, 10 characters left out" in told  # the rule is the evaluation's
    assert told.endswith("## Left out of the completion\n\n    Sure:\n\n## Left out of the completion\n\n    Bye.")


def test_a_program_can_not_paint_the_terminal(explained):
    """Control characters are shown as escapes."""
    assert explained(completion="print('\x1b[2J')").program == r"print('\x1b[2J')"


def test_nothing_that_is_told_breaks_out_of_its_place(explained):
    """Names, detail, test and outputs are readable; each text is code, whatever fences and headings stand in it."""
    hostile = "a\x1b[2J\u202e\r\n# b\n```\n\ud800"
    wrong = outcome(Verdict.WRONG_ANSWER, hostile, f"{hostile}c", hostile)
    found = explained(READS_4, wrong, policy="m\n# x\x9b", completion=hostile)
    told = explanation_markdown(found)

    assert told.replace("\n", "").isprintable()
    assert [line for line in told.splitlines() if line.startswith("#")] == [
        r"# Task 1, sample 0 of m # x\x9b: wrong_answer",
        "## Program",
        "## Test 2 of 3: wrong_answer",
        "## Expected against actual",
    ]
    assert r"a\x1b[2J\u202e\r # b ``` \ud800" in told
    assert json.loads(msgspec.json.encode(found))["program"] == found.program


def test_an_output_of_many_lines_is_compared_at_its_start(explained):
    """What is beyond is counted; comparing all would take time that grows with the square of the lines."""
    counted = "".join(f"{number}\n" for number in range(1500))
    found = explained(found=outcome(Verdict.WRONG_ANSWER, counted, f"x{counted}")).failed.difference

    assert found.splitlines()[3:] == ["-0", "+x0", " 1", " 2", " 3", "... (500 more lines)"]


def test_an_argument_of_too_many_digits_is_told(explained):
    """Python writes no integer of more than 4300 digits."""
    test = CallTest(function="f", arguments=(10**5000,), expected=3)

    assert explained(test).failed.test == "f(...), called with an integer of more than 4300 digits"


@pytest.fixture
def evaluations(make_evaluation):
    """Return three samples of one policy, the second of which failed, and one of another."""
    verdicts = (Verdict.ACCEPTED, Verdict.TIME_LIMIT, Verdict.WRONG_ANSWER)
    rows = [make_evaluation(index=index, verdict=verdict) for index, verdict in enumerate(verdicts)]
    return [*rows, make_evaluation(index=7, policy="other")]


@pytest.mark.parametrize(
    ("policy", "index", "key"),
    [("m", None, ("m", "1", 1)), ("m", 2, ("m", "1", 2)), ("other", None, ("other", "1", 7))],
)
def test_the_sample_is_chosen(evaluations, policy, index, key):
    """By policy and index; by default the first that was not accepted, or the first."""
    assert choose_evaluation(evaluations, policy, index).key == key


def test_the_last_evaluation_of_a_sample_counts(make_evaluation):
    """A sandbox error stays in the file when the sample is judged again."""
    rows = [make_evaluation(verdict=Verdict.SANDBOX_ERROR), make_evaluation()]

    assert choose_evaluation(rows, None, None).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("policy", "index", "problem"),
    [
        (None, None, "choose with --policy from m, other"),
        ("mine", None, "--policy: there is no policy 'mine'. Choose from m, other"),
        ("m", 3, "--index 3: no such sample of this task; there are 0, 1, 2"),
    ],
)
def test_a_choice_that_leads_nowhere_is_told(evaluations, policy, index, problem):
    """With what there is to choose from."""
    with pytest.raises(UserError, match=problem):
        choose_evaluation(evaluations, policy, index)


def test_the_examined_interpreter_decides_what_the_program_is(make_sample, make_evaluation, make_problem):
    """In a grammar without programs, the same completion holds none."""
    sample, found = make_sample(completion="Sure:\n```python\ndef f(): return 1\n```\n"), make_evaluation()

    ours = explain(sample, found, make_problem(), "last")
    other = explain(sample, found, make_problem(), "last", grammar=lambda _: NO_PROGRAM)

    assert (ours.program, other.program) == ("def f(): return 1\n", sample.completion)


SAMPLES = [
    {"task_id": "introductory/total_duration", "model": "m", "completion": "print(1 / 0)"},
    {"task_id": "introductory/tidy_name", "model": "m", "completion": "def tidy_name("},
]


@pytest.fixture
def folder(tmp_path, capsys):
    """Return the folder of a run of two programs, both wrong."""
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(f"{json.dumps(sample)}\n" for sample in SAMPLES))
    assert run(["score", str(path), "--benchmark", "mini", "--workers", "1", "--out", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    return tmp_path / "run"


def test_explain_finds_everything_in_the_run(folder, capsys):
    """The benchmark included; words and JSON say the same."""
    assert run(["explain", str(folder), "introductory/total_duration"]) == 0
    told = capsys.readouterr().out
    assert run(["explain", str(folder), "introductory/tidy_name", "--index", "0", "--policy", "m", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert "runtime_error\n\nZeroDivisionError: division by zero" in told
    assert "## Test 1 of 4: runtime_error" in told
    assert (found["verdict"], found["program"], found["failed"]) == ("compile_error", "def tidy_name(", None)


def test_a_run_under_another_python_asks_for_it(folder, capsys):
    """On stderr, as the program shown may be another one than that judged; with --python all is said."""
    record = (folder / "run.json").read_text()
    (folder / "run.json").write_text(re.sub(r'"python": ?"[^"]*"', '"python":"3.99.1"', record))

    assert run(["explain", str(folder), "introductory/tidy_name"]) == 0
    told = capsys.readouterr().err
    assert run(["explain", str(folder), "introductory/tidy_name", "--python", "python3"]) == 0

    assert "was judged under Python 3.99.1: name it with --python" in told
    assert capsys.readouterr().err == ""


def test_other_problems_than_those_judged_are_refused(folder, tmp_path, capsys):
    """An explanation by other tests would be none."""
    (tmp_path / "other" / "introductory").mkdir(parents=True)
    (tmp_path / "other" / "introductory" / "total_duration.toml").write_text(
        'kind = "stdio"\nstatement = "s"\nreference = "r"\nprograms = []\ncases = [{stdin = "", stdout = "1"}]\n'
    )

    assert run(["explain", str(folder), "introductory/total_duration", "--data", str(tmp_path / "other")]) == 2

    assert (
        "is not the one that was judged; name the same --benchmark, --data, --limits and --checkers"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("change", "arguments", "problem"),
    [
        (None, ["introductory/no_such"], "Its 2 tasks run from 'introductory/tidy_name' to"),
        ("run.json", ["introductory/tidy_name"], "holds no run.json; name the folder"),
        ("evaluations.jsonl", ["introductory/tidy_name"], "evaluations.jsonl: there is no such file"),
    ],
)
def test_a_mistake_is_one_line(folder, capsys, change, arguments, problem):
    """Exit code 2, nothing on stdout."""
    if change:
        (folder / change).unlink()

    assert run(["explain", str(folder), *arguments]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert problem in err


def test_a_run_that_has_not_come_to_the_task(folder, capsys):
    """Nothing was judged yet."""
    (folder / "evaluations.jsonl").write_bytes(b"")

    assert run(["explain", str(folder), "introductory/tidy_name"]) == 2

    assert "has been judged yet" in capsys.readouterr().err
