"""The functions for Python programs: those of the command line."""

import json
import subprocess
import sys

import pytest

import harness
from harness.cli.main import run
from harness.errors import UserError
from harness.examination.examine import JudgingSettings

TASK = "introductory/change_in_coins"
FILES = ("run.json", "samples.jsonl", "result.json", "report.md")


@pytest.mark.parametrize("module", ["harness", "harness.api"])
def test_importing_them_imports_no_command_line(module):
    """Nothing of click or rich; the package itself imports nothing heavy at all."""
    light = {"msgspec", "numpy", "torch"} if module == "harness" else {"torch"}
    code = f"import sys, {module}; sys.exit(', '.join({ ({'click', 'rich'} | light)!r} & sys.modules.keys()) or 0)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_evaluate_samples_writes_the_files_of_score(tmp_path, capsys):
    """Byte for byte."""
    samples = tmp_path / "m.jsonl"
    samples.write_text(json.dumps({"task_id": TASK, "completion": "def change_in_coins(price, paid): return []"}))

    (result,) = harness.evaluate_samples(samples, "mini", out=tmp_path / "called", judging=JudgingSettings(workers=1))
    code = run(["score", str(samples), "--benchmark", "mini", "--workers", "1", "--out", str(tmp_path / "commanded")])

    assert (code, result.policy, result.scores[0].value) == (0, "m", 0.0)
    assert "| all" in capsys.readouterr().out
    for name in FILES:
        assert (tmp_path / "called" / name).read_bytes() == (tmp_path / "commanded" / name).read_bytes()


def test_a_mistake_is_a_user_error(tmp_path):
    """With the line that the command prints."""
    with pytest.raises(UserError, match="there is no such file"):
        harness.evaluate_samples(tmp_path / "m.jsonl", "mini", out=tmp_path / "run")
    with pytest.raises(UserError, match="no benchmark 'nano'"):
        harness.load_benchmark("nano")
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_offered():
    """A name that is not there is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="no attribute 'evaluate'"):
        harness.evaluate  # noqa: B018 - looking it up is what is tested
