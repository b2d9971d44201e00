"""The GitHub action and the example workflow: pinned, safe against what they are given, and their steps run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml
from documents import commands_of

from harness.benchmarks.mini import known_samples
from harness.cli.main import SUBCOMMANDS
from harness.runs.jsonl import as_row

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
WORKFLOW = yaml.safe_load((ROOT / "examples" / "gate.yml").read_text())
STEPS = {
    "action.yml": ACTION["runs"]["steps"],
    **{f"gate.yml, {name}": job["steps"] for name, job in WORKFLOW["jobs"].items()},
}
PROBLEMS = 12


def scripts(steps):
    """Return the scripts of the steps."""
    return [step["run"] for step in steps if "run" in step]


def commands(script):
    """Yield the words of each call of proctor in a script."""
    for line in script.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["proctor"]:
            yield words


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_what_is_used_is_pinned(steps):
    """By the full hash of a commit; the one of proctor is the user's to choose."""
    used = [step["uses"] for step in steps if "uses" in step]

    assert used
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@([0-9a-f]{40}|COMMIT)", name)] == []


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_no_script_holds_an_expression(steps):
    """A title or a name that somebody else chose would be run; variables of the environment are not."""
    assert [script for script in scripts(steps) if "${{" in script] == []


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_the_commands_and_options_exist(steps):
    """Of proctor, in each script."""
    for words in (words for script in scripts(steps) for words in commands(script)):
        assert words[1] in SUBCOMMANDS
        options = {option for parameter in commands_of(words[1]).params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options


def test_the_workflow_gives_the_inputs_that_the_action_takes():
    """All that it requires, and none that it doesn't know."""
    given = [
        set(step["with"])
        for steps in STEPS.values()
        for step in steps
        if step.get("uses", "").startswith("OWNER/proctor@")
    ]

    required = {name for name, about in ACTION["inputs"].items() if about.get("required")}
    assert given
    assert all(required <= names <= set(ACTION["inputs"]) for names in given)


def test_the_workflow_makes_stores_and_refreshes_a_baseline_and_gates_nightly():
    """And each job may write no more than it needs to: only the baseline's and the nights' change the release."""
    on = WORKFLOW[True]  # YAML 1.1 takes the key `on` for this
    stored = "\n".join(scripts(WORKFLOW["jobs"]["baseline"]["steps"]))

    assert {"pull_request", "schedule", "workflow_dispatch"} <= set(on)
    assert "gh release upload" in stored
    assert "--clobber" in stored
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in WORKFLOW["jobs"].items()} == {
        "pull-request": {"contents": "read", "pull-requests": "write"},
        "nightly": {"contents": "write"},
        "baseline": {"contents": "write"},
    }


@pytest.fixture
def act(tmp_path):
    """Return a function that runs the action's own steps, proctor's installation apart."""
    (tmp_path / "bin").mkdir()
    proctor = tmp_path / "bin" / "proctor"
    proctor.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'from harness.cli.main import main; main()' \"$@\"\n")
    proctor.chmod(0o755)
    known = [known.sample for known in known_samples() if known.sample.policy == "references"][:PROBLEMS]
    for name, right in (("good", PROBLEMS), ("bad", 2)):
        texts = [sample.completion if place < right else "pass" for place, sample in enumerate(known)]
        rows = [
            as_row(msgspec.structs.replace(sample, policy=name, completion=text))
            for sample, text in zip(known, texts, strict=True)
        ]
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(rows))

    def run_steps(**inputs):
        given = {name.replace("-", "_"): str(about.get("default", "")) for name, about in ACTION["inputs"].items()}
        given |= {"benchmark": "mini"} | inputs
        files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        usual = {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path / "temp"),
            "PYTHONPATH": str(ROOT), **{name: str(path) for name, path in files.items()},
        }  # fmt: skip
        for name in ("Judge both sides", "Stop what is worse"):
            (step,) = (step for step in STEPS["action.yml"] if step.get("name") == name)
            own = {
                variable: given[re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)[1].replace("-", "_")]
                for variable, value in step["env"].items()
            }
            ended = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", step["run"]],  # noqa: S607 - as GitHub starts it
                cwd=tmp_path, env=os.environ | usual | own, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if ended.returncode:
                break
        return ended, {name: path.read_text() if path.exists() else "" for name, path in files.items()}

    return run_steps


@pytest.mark.slow
@pytest.mark.parametrize(
    ("candidate", "options", "code", "outcome"),
    [("good.jsonl", "", 0, "passed"), ("bad.jsonl", "--strict", 1, "failed")],
)
def test_the_steps_pass_and_stop(act, candidate, options, code, outcome):
    """The exit code is the gate's; outcome and summary are where GitHub looks for them."""
    ended, written = act(baseline="good.jsonl", candidate=candidate, gate_options=options)

    assert (ended.returncode, ended.stderr.count("Traceback")) == (code, 0)
    assert f"outcome={outcome}\n" in written["GITHUB_OUTPUT"]
    assert written["GITHUB_STEP_SUMMARY"].casefold().startswith(f"## {outcome}")


@pytest.mark.slow
def test_a_file_that_is_not_there_is_not_a_regression(act, tmp_path):
    """Exit code 2 of the first step, and its name is no command."""
    ended, written = act(baseline="good.jsonl", candidate="$(touch owned).jsonl")

    assert (ended.returncode, written["GITHUB_OUTPUT"]) == (2, "")
    assert not (tmp_path / "owned").exists()
