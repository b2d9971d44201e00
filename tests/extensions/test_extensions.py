"""A benchmark, a backend, a method and a checker of a package of somebody else's: each is found and works."""

import json
import re
import shutil
from pathlib import Path

import msgspec
import pytest
import tiny_policy

from harness.benchmarks.own_checkers import own_checker
from harness.benchmarks.problem_info import sha256_of
from harness.cli.main import run
from harness.errors import UserError
from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.records import OwnChecker, StdioTest, Verdict
from trainers.groups import GROUPS_FILE, write_groups

PLUGIN = Path(__file__).parent / "plugin"
ARCHITECTURE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text()
CHECKER = re.search(r"### A checker\n.*?```python\n(.*?)```", ARCHITECTURE, re.DOTALL)
LINES = 60
ENTRY_POINTS = """\
[proctor.benchmarks]
doubles = doubles:doubles
[proctor.backends]
parrot = parrot:parrot
[proctor.trainers]
extremes = extremes:extremes
[proctor.checkers]
any-order = any_order:any_order
"""


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    """Install the plug-in as pip would lay it out, the checker as docs/architecture.md shows it; return its folder."""
    folder = tmp_path / "site"
    shutil.copytree(PLUGIN, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "any_order.py").write_text(CHECKER[1])
    (folder / "plugin-1.dist-info").mkdir()
    (folder / "plugin-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1\n")
    (folder / "plugin-1.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture(scope="module")
def judge():
    """Return a judge with every layer that this host gives."""
    with Judge(Jail()) as judge:
        yield judge


def test_each_is_short(package):
    """A plug-in is one file that one reads at a glance."""
    files = sorted(package.glob("*.py"))

    assert [file.stem for file in files] == ["any_order", "doubles", "extremes", "parrot"]
    assert max(len(file.read_text().splitlines()) for file in files) < LINES


def test_samples_of_a_new_benchmark_are_scored(tmp_path):
    """Of a right and a wrong program one is accepted: pass@1 is a half."""
    programs = ("def double(number):\n    return number + number\n", "def double(number):\n    return number ** 2\n")
    rows = [json.dumps({"task_id": "double", "completion": program}) for program in programs]
    (tmp_path / "tries.jsonl").write_text("\n".join(rows))

    assert run(["score", str(tmp_path / "tries.jsonl"), "--benchmark", "doubles", "--out", str(tmp_path / "run")]) == 0

    (result,) = json.loads((tmp_path / "run" / "result.json").read_bytes())
    assert result["scores"][0]["value"] == 0.5


def test_a_new_backend_generates_samples(tmp_path):
    """Two samples of the benchmark's one problem."""
    command = ["generate", "--backend", "parrot", "--model", "def double(x): return x", "--benchmark", "doubles"]

    assert run([*command, "--n", "2", "--temperature", "1", "--out", str(tmp_path / "run")]) == 0

    samples = [json.loads(row) for row in (tmp_path / "run" / "samples.jsonl").read_text().splitlines()]
    assert [(sample["index"], sample["completion"]) for sample in samples] == [
        (0, "def double(x): return x"),
        (1, "def double(x): return x"),
    ]


@pytest.mark.slow
def test_a_new_method_trains_a_step_by_its_weights(tmp_path, monkeypatch):
    """Of rewards 1, -0.1, -0.6 and -1 the first is imitated and the last avoided; the checkpoint names the method."""
    from trainers import train  # noqa: PLC0415 - heavy

    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    given, weighted_groups = [], train.weighted_groups
    monkeypatch.setattr(train, "weighted_groups", lambda *asked: given.append(weighted_groups(*asked)) or given[0])
    groups, out = tmp_path / "groups", tmp_path / "out"
    groups.mkdir()
    write_groups(groups / GROUPS_FILE, [tiny_policy.group(0), tiny_policy.group(1)])
    base = tiny_policy.build(tmp_path / "base")

    asked = ["extremes", "--groups", groups, "--model", base, "--out", out, "--max-steps", 1, "--warmup-share", 0]
    assert run(["train", *map(str, asked)]) == 0

    checkpoint = json.loads((out / "checkpoint.json").read_bytes())
    assert [group.weights for group in given[0]] == [(1.0, 0.0, 0.0, -1.0)] * 2
    assert (checkpoint["method"], checkpoint["step"]) == ("extremes", 1)
    assert (out / "model.safetensors").read_bytes() != (base / "model.safetensors").read_bytes()


def by(checker, expected="1\n2\n"):
    """Return the one test of an output by a checker."""
    return (StdioTest(stdin="", expected_stdout=expected, checker=checker),)


@pytest.mark.parametrize(
    ("printed", "verdict"), [("2\\n1", Verdict.ACCEPTED), ("1\\n2", Verdict.ACCEPTED), ("2\\n2", Verdict.WRONG_ANSWER)]
)
def test_a_new_checker_judges_what_a_program_prints(judge, printed, verdict):
    """The lines 1 and 2, in any order."""
    assert judge.judge(f"print('{printed}')", by(own_checker("any-order"))).verdict is verdict


def test_a_checker_is_found_in_a_file_too(package):
    """As every plug-in is; its source is what the test carries."""
    found = own_checker(f"{package / 'any_order.py'}:any_order")

    assert found == own_checker("any-order") == OwnChecker(name="any_order", source=CHECKER[1])
    with pytest.raises(UserError, match=r"there is no checker 'any'\. Choose from any-order"):
        own_checker("any")


def test_the_source_of_a_checker_is_part_of_what_identifies_the_tests():
    """A comment more is another source, and so are other tests; as JSON they are the same again."""
    tests = by(own_checker("any-order"))
    edited = by(OwnChecker(name="any_order", source=CHECKER[1] + "# stricter\n"))

    assert len({sha256_of(tests), sha256_of(edited), sha256_of(by("any_order"))}) == 3
    assert msgspec.json.decode(msgspec.json.encode(tests), type=tuple[StdioTest, ...]) == tests


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def check(expected, actual): return {}[actual]", "KeyError: b''"),
        ("def check(expected, actual): return None", "it returned an object of type NoneType, not a bool"),
        ("def check(expected, actual) -> bool", "SyntaxError: "),
        ("import harness\ndef check(expected, actual): return True", "No module named 'harness'"),
        ("import os\ndef check(expected, actual): os._exit(0)", ""),
        ("def other(expected, actual): return True", "KeyError: 'check'"),
    ],
)
def test_an_error_in_a_checker_is_never_the_programs(judge, source, why):
    """It is a fault, and names the checker; the next program is judged as ever."""
    judgement = judge.judge("print(2)", by(OwnChecker(name="check", source=source)))

    assert judgement.verdict is Verdict.SANDBOX_ERROR
    assert judgement.detail.startswith("Fault: the checker check fail")
    assert why in judgement.detail
    assert judge.judge("print(1); print(2)", by("exact")).verdict is Verdict.ACCEPTED


def test_an_output_that_a_checker_fails_on_is_wrong(judge):
    """No program can choose to be judged by a broken checker: this one reads every output but what is no number."""
    tests = by(
        OwnChecker(name="check", source="def check(expected, actual): return int(actual or 0) == int(expected)"), "4\n"
    )

    programs = ("print(4)", "print('x')", "print()")
    assert [judge.judge(program, tests).verdict.value for program in programs] == [
        "accepted", "wrong_answer", "wrong_answer",
    ]  # fmt: skip


def test_an_own_checker_has_the_bounds_of_the_others(judge):
    """An output that takes too much memory to compare is the program's doing."""
    source = "def check(expected, actual): return bool([0] * 10**10)"

    assert judge.judge("print(2)", by(OwnChecker(name="check", source=source))).verdict is Verdict.MEMORY_LIMIT


def test_an_own_checker_is_asked_about_every_output_in_names_of_its_own(judge):
    """Two numbers that add up to 4: to repeat the 4 is wrong; and no comparison finds what another left."""
    source = (
        "calls = []\n"
        "def check(expected, actual):\n"
        "    calls.append(actual)\n"
        "    return len(calls) == 1 and sum(map(int, actual.split())) == int(expected) and len(actual.split()) == 2\n"
    )
    tests = by(OwnChecker(name="check", source=source), expected="4\n")

    programs = ("print(4)", "print(1, 3)", "print(2, 2)")
    assert [judge.judge(program, tests).verdict for program in programs] == [
        Verdict.WRONG_ANSWER,
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
    ]
