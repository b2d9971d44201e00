"""The audit finds the faults that were planted, and only those."""

import json
import platform

import pytest

from harness.audit import AuditEntry, ReferenceRun, calibration_of, references, sort_findings
from harness.audit_report import Method
from harness.benchmarks.time_limits import Calibration
from harness.cli.main import run
from harness.runs.jsonl import read
from sandbox.records import Verdict

pytestmark = pytest.mark.slow


def row(task_id, code, *tests, text=None):
    """Return a problem as mbpp.jsonl has it."""
    return {"task_id": task_id, "text": text or f"Task {task_id}.", "code": code, "test_list": tests}


ADD = "def add(a, b):\n    return a + b"
SOUND = row(11, ADD, "assert add(1, 2) == 3", "assert add(2, 2) == 4")
PLANTED = {
    "a wrong reference": row(12, "def sub(a, b):\n    return b - a", "assert sub(3, 1) == 2", "assert sub(1, 1) == 0"),
    "a test that is always true": row(
        13, "def neg(a):\n    return -a", "assert neg(1) == -1", "assert neg(2) == -2", "assert neg(1) or True"
    ),
    "tests that a constant passes": row(
        14, "def odd(a):\n    return a % 2 == 1", "assert odd(1) == True", "assert odd(3)"
    ),
    "a duplicate": row(15, ADD, "assert add(5, 6) == 11", "assert add(0, 6) == 6", text="task  11."),
    "a reference of 30 s": row(
        16,
        "import time\ndef slow(n):\n    while time.process_time() < 30: pass\n    return n",
        "assert slow(5) == 5",
        "assert slow(6) == 6",
    ),
    "no reference": row(17, "", "assert abs(-1) == 2"),
    "a test without the program": row(18, ADD, "assert add(1, 1) == 2", "assert abs(-1) == 1", "assert add(3, 4) == 7"),
}


@pytest.fixture
def audit(tmp_path, capsys):
    """Return a function that audits rows of MBPP and returns what it prints, in words or as JSON."""

    def audit_rows(rows, *options):
        path = tmp_path / "mbpp.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        assert run(["audit", "--benchmark", "mbpp", "--data", str(path), "--workers", "2", *options]) == 0
        return capsys.readouterr().out

    return audit_rows


def test_planted_faults_are_found(audit, tmp_path):
    """All of them, none in the sound problem; the slow reference is given up after a second, and not tried again."""
    out = tmp_path / "limits.json"

    found = json.loads(audit([SOUND, *PLANTED.values()], "--cap", "1", "--repeat", "2", "--out", str(out), "--json"))

    failing = {reference["task_id"]: reference["verdicts"] for reference in found["failing"]}
    assert failing == {"12": ["wrong_answer"] * 2, "16": ["time_limit"]}
    assert [(test["task_id"], test["program"], test["tests"]) for test in found["undemanding"]] == [
        ("13", "returns any constant", [3]),
        ("14", "returns True", [1, 2]),
        ("18", "is empty", [2]),
        ("18", "returns any constant", [2]),
    ]
    assert found["alike"] == [{"same": "statement", "task_ids": ["11", "15"]}]
    assert found["without_reference"] == ["17"]
    assert (found["problems"], found["references"], found["accepted"]) == (8, 7, 5)
    assert (found["flaky"], found["slow"], found["flawed"]) == ([], [], {})
    assert read(out, Calibration).cpu_s == dict.fromkeys(("11", "13", "14", "15", "18"), 4.0)


def test_tests_that_cannot_run_are_told_and_the_audit_goes_on(audit):
    """None of them is run, as a reference or with a trivial program; the sound problem is."""
    rows = [
        SOUND,
        row(21, "def plus(a, b):\n    return a + b", "assert plus(1, 2) == 3", "assert add(1, 2) == 3"),
        row(22, ADD, "assert add(1, 2) == "),
        row(23, ADD),
    ]

    found = json.loads(audit(rows, "--repeat", "1", "--json"))

    assert found["flawed"] == {
        "21": "test 2 uses 'add', which it doesn't define, and the reference defines no 'add'",
        "22": f"test 1 doesn't compile under Python {platform.python_version()}: invalid syntax (test, line 1)",
        "23": "it has no tests",
    }
    assert (found["problems"], found["references"], found["accepted"], found["failing"]) == (4, 1, 1, [])
    assert {test["task_id"] for test in found["undemanding"]} <= {"11"}


REFERENCES = """
from harness.benchmarks.benchmark import Benchmark
from harness.runs.records import Problem
from sandbox.records import AssertTest, CallTest, ValueTest

TESTS = (
    CallTest(function="f", arguments=(1,), expected=1),
    ValueTest(function="f", arguments=(1,)),
    CallTest(function="Solution().f", arguments=(1,), expected=1),
    AssertTest(code="assert f(1) == 1", names=("f",)),
)
PROBLEMS = {
    str(number): Problem(
        task_id=str(number), benchmark="toy", split="test", statement="", reference="def g(x): return x", tests=(test,),
    )
    for number, test in enumerate(TESTS)
}
toy = Benchmark(name="toy", problems=lambda _: PROBLEMS)
"""


def test_a_reference_that_lacks_the_function_is_told_as_that(tmp_path, capsys):
    """Whichever kind of test asks for it: it is no fault of the sandbox's."""
    (tmp_path / "toy.py").write_text(REFERENCES)

    assert run(["audit", "--benchmark", f"{tmp_path / 'toy.py'}:toy", "--workers", "2", "--repeat", "1", "--json"]) == 0

    failing = json.loads(capsys.readouterr().out)["failing"]
    assert [(reference["verdicts"], reference["detail"]) for reference in failing] == [
        (["runtime_error"], f"the reference defines no {name!r}") for name in ("f", "f", "Solution", "f")
    ]


def test_the_audit_in_words(audit):
    """The ceiling, and a heading for each kind of finding, also where there is none."""
    told = audit([SOUND, PLANTED["a wrong reference"]], "--repeat", "1")

    assert told.startswith("# Audit of mbpp\n")
    assert "Ceiling: 1 of 2 references are accepted within the limits, 50.00 %." in told
    assert "## References that fail: 1\n\n| task | verdict          | why" in told
    assert "| 12   | 1 x wrong_answer | assert sub(3, 1) == 2" in told
    assert "## Problems that are there more than once: none\n" in told


def test_the_limits_serve_a_score(audit, tmp_path):
    """What --out writes is what `proctor score --limits` reads."""
    audit([SOUND], "--repeat", "1", "--out", str(tmp_path / "limits.json"))
    (tmp_path / "samples.jsonl").write_text(json.dumps({"task_id": 11, "completion": ADD}))

    assert run(
        ["score", str(tmp_path / "samples.jsonl"), "--benchmark", "mbpp", "--data", str(tmp_path / "mbpp.jsonl"),
         "--limits", str(tmp_path / "limits.json"), "--out", str(tmp_path / "run")]
    ) == 0  # fmt: skip
    assert "limits: limits.json" in (tmp_path / "run" / "report.md").read_text()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--out", "no/such/limits.json"], "no/such/limits.json: its folder does not exist"),
        (["--repeat", "0"], "0 is not in the range"),
        (["--cap", "0"], "0.0 is not in the range"),
        (["--benchmark", "mbbp"], "no benchmark 'mbbp'. Did you mean 'mbpp'?"),
    ],
)
def test_a_mistake_is_one_line(capsys, options, problem):
    """Exit code 2, and nothing is judged."""
    assert run(["audit", "--benchmark", "mini", *options]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert problem in err


@pytest.fixture
def concluded():
    """Return a function that concludes from runs of references, each a task, a verdict and CPU seconds."""

    def conclude_from(*runs):
        entries = {
            task_id: AuditEntry(
                task_id=task_id, benchmark="toy", has_reference=True, flaw="", limit_cpu_s=4.0, granted=(), checker="",
                statement_sha256=task_id, tests_sha256=task_id,
            )
            for task_id, _, _ in runs
        }  # fmt: skip
        rows = [
            ReferenceRun(task_id=task_id, verdict=verdict, cpu_s=cpu_s, slowest_test=number, detail=f"run {number}")
            for number, (task_id, verdict, cpu_s) in enumerate(runs, 1)
        ]
        method = Method(python="3.11.7", proctor="0", isolation={}, repeat=2, cap_s=20.0)
        found = references(rows, entries)
        audit = sort_findings(entries.values(), found, (), method, {})
        return audit, calibration_of(audit, found)

    return conclude_from


def test_a_verdict_that_changes_is_flaky(concluded):
    """It counts neither as accepted nor as failing, and gives no limit."""
    audit, calibration = concluded(("a", Verdict.ACCEPTED, 0.1), ("a", Verdict.WRONG_ANSWER, 0.2))

    assert [(found.task_id, found.detail) for found in audit.flaky] == [("a", "run 2")]
    assert (audit.accepted, audit.failing, calibration.cpu_s) == (0, (), {})


def test_a_reference_slower_than_its_limit(concluded):
    """In one run is enough: the limit of 4 s is too low, 4 x 4.5 s is right."""
    audit, calibration = concluded(("a", Verdict.ACCEPTED, 4.5), ("a", Verdict.ACCEPTED, 3.9))

    assert [(found.task_id, found.cpu_s, found.slowest_test) for found in audit.slow] == [("a", 4.5, 1)]
    assert (audit.accepted, calibration.cpu_s) == (0, {"a": 18.0})


def test_a_reference_that_just_keeps_its_limit_is_not_slow(concluded):
    """4 s of 4 s; and one that fails is not slow, whatever it took."""
    audit, _ = concluded(("a", Verdict.ACCEPTED, 4.0), ("b", Verdict.WRONG_ANSWER, 9.0))

    assert (audit.slow, audit.accepted) == ((), 1)
    assert [found.task_id for found in audit.failing] == ["b"]


def test_the_slowest_come_first(concluded):
    """Ten of them."""
    audit, _ = concluded(*((str(number), Verdict.ACCEPTED, float(number) / 10) for number in range(12)))

    assert [found.task_id for found in audit.slowest] == [str(number) for number in range(11, 1, -1)]


def test_references_that_fail_for_an_absent_package_are_counted(audit):
    """So that --allow can be given; where one handles the error, nothing is said."""
    rows = [SOUND, *(row(number, f"import nosuch_{number}\n{ADD}", "assert add(1, 2) == 3") for number in (12, 13))]

    found = json.loads(audit(rows, "--repeat", "1", "--json"))

    assert found["absent_packages"] == {"nosuch_12": 1, "nosuch_13": 1}
    assert "see --allow: nosuch_12 1, nosuch_13 1" in audit(rows, "--repeat", "1")
