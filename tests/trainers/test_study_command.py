"""`proctor study`: real commands from a file, a plan without network or data, and job arrays."""

import json
import re
import shlex
from pathlib import Path

import pytest

from harness.cli.main import run
from trainers.cli.study import without_colours

ROOT = Path(__file__).parents[2]
TINY = """
about = "Material, and a question."
[over]
problems = [2, 3]
[steps.submissions]
command = "miniature submissions --problems {problems} --out {out}"
slurm = "--cpus-per-task=2"
[steps.power]
title = "Seeds needed for {problems}"
command = "power --difference 4 --score 40 --problems {problems}00"
per = ["problems"]
[steps.after]
command = "miniature submissions --problems 1 --out {out}"
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in a folder with a study."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.toml").write_text(TINY)
    return tmp_path


@pytest.mark.slow
def test_a_study_ends_with_its_readme(place, capfd):
    """With what was printed, versions, hashes, and a log of the commands; the second time nothing runs."""
    assert run(["study", "tiny.toml", "--out", "out"]) == 0
    first = Path("out/tiny/README.md").read_text()
    capfd.readouterr()
    assert run(["study", "tiny.toml", "--out", "out"]) == 0

    shown = capfd.readouterr()
    assert Path("out/tiny/README.md").read_text() == first
    assert "## Seeds needed for 2" in shown.out
    assert "detectable with 200 problems" in shown.out
    assert "$ proctor" not in shown.err
    assert re.search(r"\| tiny\.toml \| [0-9a-f]{64} \|", first)
    assert Path("out/tiny/log.txt").read_text().count("$ proctor miniature submissions --problems ") == 3
    mark = json.loads(next(Path("out/done").glob("miniature-*")).read_text())
    assert mark["command"][:2] == ["miniature", "submissions"]
    assert place.joinpath(mark["command"][-1], "metadata", "problem_list.csv").exists()


@pytest.mark.slow
def test_a_failed_study_tells_what_is_done(place, capfd):
    """All that doesn't need the step that failed; the study ends with that step's exit code."""
    failing = TINY.replace("power --difference 4 --score 40 --problems {problems}00", "table {submissions}")
    Path("tiny.toml").write_text(failing)

    code = run(["study", "tiny.toml", "--out", "out"])

    said = [line.removeprefix("proctor: ") for line in capfd.readouterr().err.splitlines()[-2:]]
    report = (place / "out/tiny/README.md").read_text()
    assert code == 2
    for line, problems in zip(said, (2, 3), strict=True):
        assert line.startswith(f"power (problems {problems}) failed with exit code 2")
        assert f"Not finished: {line}." in report
        assert f"| submissions (problems {problems}) |" in report
    assert "| after |" in report
    assert "| power" not in report


def test_a_terminal_shows_tables_without_colours_for_browsers():
    """The number and its mark stay."""
    assert without_colours('| <span style="color:red">35.08 ▼</span> (22.1-50.0) |') == "| 35.08 ▼ (22.1-50.0) |"


@pytest.mark.slow
def test_a_report_tells_how_far_a_study_is(place, capfd):
    """Without running a step."""
    assert run(["study", "tiny.toml", "--out", "out", "--only", "after"]) == 0
    assert run(["study", "tiny.toml", "--out", "out", "--report"]) == 0

    assert "Not finished: 4 of 5 steps are not done." in (place / "out/tiny/README.md").read_text()
    assert len(list((place / "out/done").iterdir())) == 1
    assert run(["study", "tiny.toml", "--report", "--plan"]) == 2
    assert "exclude each other" in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("place")
def test_a_plan_has_the_time_that_steps_took(capfd):
    """Of their name; else as the file says, on the scale of what ran; else it says that nothing tells."""
    Path("tiny.toml").write_text(TINY.replace("[steps.submissions]", "[steps.submissions]\nseconds = 50").replace(
        "[steps.after]", "[steps.after]\nseconds = 100"))  # fmt: skip
    assert run(["study", "tiny.toml", "--out", "out", "--only", "submissions"]) == 0
    marks = [*Path("out/done").iterdir()]
    for mark, seconds in zip(marks, (24 * 3600, 26 * 3600), strict=True):
        mark.write_text(json.dumps(json.loads(mark.read_text()) | {"seconds": seconds}))
    capfd.readouterr()

    assert run(["study", "tiny.toml", "--out", "out", "--plan"]) == 0

    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capfd.readouterr().out.splitlines()[2:]]
    assert {row[0]: row[-1] for row in rows} == {
        "submissions": "50", "power": "no plan, and none ran", "after": "50",
        "all that is left": "50",
    }  # fmt: skip


@pytest.mark.slow
def test_parts_of_a_study_run_apart(place, capfd):
    """And the rest later."""
    assert place.exists()
    assert run(["study", "tiny.toml", "--out", "out", "--only", "submissions", "--shard", "1/2"]) == 0
    assert "1 of 5 steps are done" in capfd.readouterr().out
    assert run(["study", "tiny.toml", "--out", "out", "--jobs", "2"]) == 0
    assert len(list(Path("out/done").iterdir())) == 5


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("power --diff", "powr --diff", "steps.power.command: No such command 'powr'. Did you mean 'power'?"),
        ("--difference 4", "--diference 4", "No such option"),
        ("--problems 1 ", "--problems 0 ", "Invalid value for '--problems': 0 is not in the range x>=1."),
        ("submissions --problems 1", "submission --problems 1", "No such command"),
        ("miniature submissions --problems 1 --out {out}", "compile",
         "compile needs a command of its own: codenet, mix, rows, run"),
        ("--difference 4", "--help", "asks for help only"),
        ("[steps.after]", "[files]\nx = 'none.txt'\n[steps.y]\ncommand = 'power {x} --difference 1'\n[steps.after]",
         "files.x: none.txt: there is no such file or folder"),
        ("about", "aboot", "unknown field `aboot`"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_before_anything_runs(place, capfd, before, after, reason):
    """It ends with exit code 2."""
    Path("tiny.toml").write_text(TINY.replace(before, after))

    assert run(["study", "tiny.toml", "--out", "out"]) == 2

    said = capfd.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
    assert not (place / "out" / "made").exists()


@pytest.mark.slow
def test_the_papers_study_is_planned_offline(monkeypatch, capfd, tmp_path):
    """Without its data; trainings are within the paper's budgets, 5 and 30 hours on one A100."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    assert run(["study", "studies/paper.toml", "--plan", "--out", str(tmp_path / "out")]) == 0

    rows = {
        cells[0]: cells[1:]
        for cells in ([cell.strip() for cell in line.split("|")[1:-1]] for line in capfd.readouterr().out.splitlines())
    }
    assert {label: row[0] for label, row in rows.items() if "checkpoint" in label or "groups" in label} == {
        "groups": "1", "checkpoint 0.5B": "12", "checkpoint 7B": "12",
    }  # fmt: skip
    for label, budget in (("checkpoint 0.5B", 5), ("checkpoint 7B", 30)):
        _, most, of = re.fullmatch(r"([\d.]+) to ([\d.]+) of (\d+)", rows[label][4]).groups()
        assert float(most) < int(of) == budget
    assert rows["apps 7B"][0] == "12"
    assert all(rows["all that is left"][2:4])


def test_job_arrays_hold_every_step_once(place, capfd):
    """One for each level and set of options; each task runs one step."""
    assert run(["study", "tiny.toml", "--out", "out", "--slurm"]) == 0

    scripts = {path.name: path.read_text() for path in (place / "out/tiny/slurm").glob("level-*.sh")}
    commands = {name: shlex.split(text.splitlines()[-1]) for name, text in scripts.items()}
    assert set(scripts) == {"level-1.sh", "level-1a.sh"}
    assert {name: words.count("--only") for name, words in commands.items()} == {"level-1.sh": 2, "level-1a.sh": 3}
    assert "#SBATCH --cpus-per-task=2" in scripts["level-1.sh"]
    assert "#SBATCH --array=1-2\n" in scripts["level-1.sh"]
    assert "bash out/tiny/slurm/submit.sh" in capfd.readouterr().out
    assert (place / "out/tiny/slurm/submit.sh").read_text().count("sbatch --parsable") == 3
