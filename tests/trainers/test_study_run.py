"""Running the steps of a study: each once, killed at any moment, by two studies at once, and what fails."""

import re
import subprocess
import sys
from pathlib import Path

import fake_proctor
import pytest

from harness.errors import UserError
from trainers.study.carry_out import carry_out

pytestmark = pytest.mark.slow

TEXT = """
about = "Two of each."
[over]
seed = [0, 1]
[steps.first]
command = "miniature {out} first {seed}"
[steps.second]
command = "miniature {out} {first} second"
[steps.last]
command = "power"
each = ["{second}"]
"""
OUTCOME = "(power (miniature (miniature first 0) second) (miniature (miniature first 1) second))\n"
STEPS = 5


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Work in a folder with a study."""
    monkeypatch.chdir(tmp_path)
    Path("study.toml").write_text(TEXT)
    return tmp_path


def made(work="work"):
    """Return the outcomes by name of file, with their content."""
    return {path.name: path.read_text() for path in Path(work, "made").iterdir()}


def calls():
    """Return the number of commands that ended."""
    return len(fake_proctor.CALLS.read_text().splitlines())


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_step_runs_once(jobs):
    """Also several at a time, and not again."""
    assert fake_proctor.carried_out(jobs=jobs) == []
    assert fake_proctor.carried_out(jobs=jobs) == []

    assert calls() == STEPS
    assert [text for name, text in made().items() if name.startswith("power")] == [OUTCOME]


def test_killed_at_any_moment_it_ends_with_the_same_bytes(place):
    """At the beginning, in the middle and at the end of every command, and once each."""
    script = [sys.executable, fake_proctor.__file__]
    subprocess.run(script, check=True, cwd=place)
    whole, events = made(), len(fake_proctor.EVENTS.read_text())
    assert events == 14

    for moment in range(1, events + 1):
        folder = place / f"killed-{moment}"
        folder.mkdir()
        (folder / "study.toml").write_text(TEXT)
        (folder / "kill-at.txt").write_text(str(moment))
        assert subprocess.run(script, check=False, cwd=folder).returncode == -9
        assert subprocess.run(script, check=False, cwd=folder).returncode == 0
        assert made(folder / "work") == whole
        assert len((folder / "calls.txt").read_text().splitlines()) <= STEPS + 1


def test_an_edit_repeats_what_depends_on_it():
    """The first steps stay."""
    fake_proctor.carried_out()
    before = made()
    Path("study.toml").write_text(TEXT.replace("second", "other", 1).replace("} second", "} changed").replace(
        "{second}", "{other}"))  # fmt: skip

    assert fake_proctor.carried_out() == []

    assert calls() == STEPS + 3
    assert before.items() <= made().items()


def test_two_studies_in_one_folder_share_steps(place):
    """Also at the same time: one waits for the other's."""
    script = [sys.executable, fake_proctor.__file__]
    both = [subprocess.Popen(script, cwd=place) for _ in range(2)]

    assert [one.wait() for one in both] == [0, 0]
    assert calls() == STEPS


def test_a_failure_stops_only_what_needs_it():
    """Of two branches the other goes on; the log, its last line and what was left out are told."""
    other = '[steps.beside]\ncommand = "miniature {out} {first} beside"\n'
    failing = '[steps.second]\ncommand = "merge {first} {out}"\n[steps.third]\ncommand = "miniature {out} {second}"\n'
    Path("study.toml").write_text(TEXT.split("[steps.second]", maxsplit=1)[0] + failing + other)

    first, second = fake_proctor.carried_out(jobs=2)

    for said in (first, second):
        assert re.match(
            r"second \(seed [01]\) failed with exit code 2; 1 steps need it and were left out \(third\); ", said
        )
        assert said.endswith("ends with: proctor: nothing to merge")
    assert {text for text in made().values() if "beside" in text} == {
        f"(miniature (miniature first {seed}) beside)" for seed in (0, 1)
    }


def test_what_comes_after_a_failure_is_left_out():
    """Also by way of others, and where nothing of the failed step is read."""
    Path("study.toml").write_text("""
about = "A gate."
[steps.gate]
command = "power --fail finding"
[steps.next]
command = "miniature {out} next"
after = ["gate"]
[steps.last]
command = "miniature {out} {next}"
[steps.beside]
command = "miniature {out} beside"
""")

    (said,) = fake_proctor.carried_out()

    assert "gate failed with exit code 1; 2 steps need it and were left out (next, last); " in said
    assert [text for name, text in made().items() if not name.endswith(".tmp")] == ["(miniature beside)"]


def test_what_a_failed_step_printed_is_in_its_log(place):
    """Such as the finding of a gate; its outcome is not made."""
    Path("study.toml").write_text('about = "One."\n[steps.only]\ncommand = "power --fail finding"\n')

    (said,) = fake_proctor.carried_out()

    assert said.endswith("ends with: (power --fail finding)")
    assert not list((place / "work/done").iterdir())
    assert [path.suffix for path in (place / "work/made").iterdir()] == [".tmp"]


def test_a_missing_input_is_told():
    """Where the steps that would make it are left out."""
    steps = fake_proctor.steps("study.toml", Path("work"))

    with pytest.raises(
        UserError, match=r"second \(seed 0\): needs miniature-[0-9a-f]{16}, not made yet; make it first"
    ):
        carry_out(steps[2:], fake_proctor.run, jobs=1, say=lambda _: None)


def test_an_outcome_that_was_removed_is_made_again():
    """A mark alone is no outcome."""
    fake_proctor.carried_out()
    (last,) = Path("work", "made").glob("power-*")
    last.unlink()

    fake_proctor.carried_out()

    assert calls() == STEPS + 1
    assert last.read_text() == OUTCOME
