"""`proctor runs`: what runs there are, how far they have come, and the names that other commands take."""

import fcntl
import json
import os
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from usual_conditions import conditions

from harness.cli.main import run
from harness.listing import list_runs
from harness.runs.records import (
    SCHEMA,
    Generation,
    Producer,
    Repetition,
    Result,
    Run,
    Sampling,
    Score,
    Source,
    Usage,
)
from harness.runs.run_names import run_path
from sandbox.records import Verdict

MORNING_S, NOON_S = 1_790_841_600, 1_790_856_000  # 1 October 2026, 08:00 and 12:00 UTC


def result(policy="m", scores=((1, 0.25),), lost=0, **changes):
    """Return a result with pass@k over all problems and of one difficulty."""
    return Result(
        policy=policy, conditions=conditions(**changes), usage=Usage(prompt_tokens=None, tokens=None, finish_counts={}),
        verdict_counts=dict.fromkeys(Verdict, 0) | {Verdict.SANDBOX_ERROR: lost}, extraction_counts={}, cut_off=0,
        repetition=Repetition(problems=0, equal=0), verdict_shares=(), tallies=(),
        scores=tuple(
            Score(difficulty=difficulty, kind="all", k=k, value=value, low=0.0, high=1.0, problems=4)
            for k, value in scores
            for difficulty in ("all", "easy")
        ),
    )  # fmt: skip


def write(folder, time_s=MORNING_S, **files):
    """Write files of a run, records as JSON, with one time."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / {"samples": "samples.jsonl", "evaluations": "evaluations.jsonl"}.get(name, f"{name}.json")
        path.write_bytes(content if isinstance(content, bytes) else msgspec.json.encode(content))
        os.utime(path, (time_s, time_s))
    return folder


RUN_RECORD = Run(samples_sha256="", k=(1,), conditions=conditions(), source=Source(benchmark="toy"), problems={})
REQUEST = Generation(
    policy="writer", benchmark="toy", problem_set="", splits=("test",), proctor="0.1.0", source=Source(benchmark="toy"),
    prompts={"a": "0" * 64, "b": "1" * 64},
    sampling=Sampling(n=2, temperature=0.8, top_p=1.0, max_tokens=9, stop=(), seed=0),
    producer=Producer(backend="replay", model="f", weights="w", dtype="", versions={}, options={}, repeatable="yes"),
    prompt_card={"name": "paper", "sha256": "c" * 64},
)  # fmt: skip


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def only(folder="runs"):
    """Return the one run that is listed."""
    (found,) = list_runs(Path(folder)).runs
    return found


def test_a_finished_run_has_a_row_for_each_policy(place):
    """With its scores over all problems, its date in UTC, and what the sandbox lost."""
    write(place / "runs" / "both", result=[result("a", lost=2), result("b", ((1, 0.5), (10, 0.75)))])

    first, second = list_runs(Path("runs")).runs

    assert (first.name, first.policy, first.benchmark, first.state, first.date, first.lost) == (
        "both", "a", "toy", "finished", "2026-10-01T08:00", 2,
    )  # fmt: skip
    assert (second.name, second.policy, second.scores) == ("both", "b", {"1": 0.5, "10": 0.75})


def test_the_latest_run_comes_first(place):
    """Runs of one minute are in the order of their names."""
    for name, time_s in (("b", MORNING_S), ("a", MORNING_S), ("z", NOON_S)):
        write(place / "runs" / name, time_s, result=[result()])

    assert [found.name for found in list_runs(Path("runs")).runs] == ["z", "a", "b"]


def test_runs_of_one_protocol_share_a_number(place):
    """A patch level of Python is the same protocol, a minor version another; the numbers are explained."""
    for name, python in (("a", "3.11.7"), ("b", "3.11.9"), ("c", "3.12.1")):
        write(place / "runs" / name, result=[result(python=python)])

    found = list_runs(Path("runs"))

    assert [one.protocol for one in found.runs] == ["1", "1", "2"]
    assert found.protocols["2"].startswith("toy, n = 1; ")
    assert "Python 3.12.1" in found.protocols["2"]


def test_states_of_a_run_that_is_not_finished(place):
    """How many samples there are, of those that were requested."""
    write(place / "runs" / "a", run=RUN_RECORD, samples=b"{}\n{}\n{}\n", evaluations=b"{}\n")
    write(place / "runs" / "b", generation=REQUEST, samples=b"{}\n")
    write(place / "runs" / "c", generation=REQUEST, samples=b"{}\n" * 4)
    write(place / "runs" / "d", generation=REQUEST, run=RUN_RECORD, samples=b"{}\n{}\n", evaluations=b"{}\n")
    write(place / "runs" / "e", run=RUN_RECORD)

    assert [(found.state, found.done, found.total) for found in list_runs(Path("runs")).runs] == [
        ("judging stopped", 1, 3),
        ("generating stopped", 1, 4),
        ("generated", 4, 4),
        ("judging stopped", 1, 4),
        ("judging stopped", 0, 0),
    ]


def test_a_file_that_a_process_writes_is_a_run_that_goes_on(place):
    """The lock tells it, and listing does not touch the lock."""
    folder = write(place / "runs" / "a", run=RUN_RECORD, samples=b"{}\n", evaluations=b"")

    with (folder / "evaluations.jsonl").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert only().state == "judging"
    assert only().state == "judging stopped"


@pytest.mark.parametrize(
    ("files", "trouble"),
    [
        ({"result": b"["}, "result.json"),
        ({"result": b"\xff"}, "result.json"),
        ({"run": b"{}"}, "has schema 0"),
        ({"result": [{"schema": SCHEMA - 1}]}, f"has schema {SCHEMA - 1}"),
        ({"generation": b"null"}, "generation.json"),
    ],
)
def test_what_cannot_be_read_is_a_row_too(place, capsys, files, trouble):
    """It hides none of the others."""
    write(place / "runs" / "bad", NOON_S, **files)
    write(place / "runs" / "good", result=[result()])

    bad, good = list_runs(Path("runs")).runs

    assert (bad.name, bad.state, good.state) == ("bad", "unreadable", "finished")
    assert trouble in bad.trouble
    assert run(["runs"]) == 0
    assert "Unreadable: " in capsys.readouterr().out


def test_runs_at_any_depth_are_found_and_nothing_below_a_run(place):
    """Hidden folders are left alone, and so are links."""
    write(place / "runs" / "demo" / "runs" / "base", result=[result()])
    write(place / "runs" / "demo" / "runs" / "base" / "inner", result=[result()])
    write(place / "runs" / ".cache" / "x", result=[result()])
    (place / "runs" / "link").symlink_to(place / "runs" / "demo")

    assert [found.name for found in list_runs(Path("runs")).runs] == ["demo/runs/base"]


def test_a_name_that_is_also_a_path_is_given_in_full(place):
    """Where `base` is a folder, `base` means that folder."""
    write(place / "runs" / "base", result=[result()])
    (place / "base").mkdir()

    assert only().name == "runs/base"


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20)


@given(NAMES.filter(lambda name: not name.startswith(".")))
def test_every_name_leads_to_its_run(tmp_path_factory, name):
    """Whatever characters it has."""
    place = tmp_path_factory.mktemp("place")
    write(place / "runs" / name, result=[result()])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert run_path(Path(only().name)) == Path("runs") / name


def test_other_commands_take_the_names(place, capsys):
    """Table, gate and compare read the result; explain and export look for the run there."""
    for name in ("old", "new"):
        write(place / "runs" / name, result=[result(name), result("other")])

    assert run(["table", "a=old#old", "b=new#new"]) == 0
    assert run(["gate", "--baseline", "old#old", "--candidate", "new#other"]) in {0, 2}
    capsys.readouterr()
    assert run(["explain", "old", "1"]) == 2
    assert "runs/old: holds no run.json" in capsys.readouterr().err
    assert run(["export", "old", "--format", "csv", "--out", "csv"]) == 2
    assert "runs/old: holds no run.json" in capsys.readouterr().err


def test_the_list_is_printed_as_a_table_and_as_json(place, capsys):
    """A row a policy."""
    write(place / "runs" / "a|b", result=[result("m", ((1, 0.25), (10, 0.5)))])

    assert run(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in lines[0].split("|")[1:-1]] == [
        "run", "model", "benchmark", "protocol", "date (UTC)", "state", "score",
    ]  # fmt: skip
    assert "a\\|b" in lines[2]
    assert "| 2026-10-01 08:00 | finished | pass@1 25.00, pass@10 50.00 |" in lines[2]
    assert lines[4].startswith("Protocol 1: toy, n = 1; ")
    assert run(["runs", "runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["scores"] == {"1": 0.25, "10": 0.5}


@pytest.mark.parametrize("on_a_terminal", [False, True])
def test_hostile_texts_steer_nothing(place, capsys, monkeypatch, on_a_terminal):
    """Neither the terminal nor the table."""
    hostile = "a|b\x1b[2J\u202e<script>\n# x [red]y[/red]"
    write(place / "runs" / "x\x1b[1m", result=[result(hostile, benchmark=hostile)])
    write(place / "runs" / "y", NOON_S, result=[{"schema": SCHEMA, "policy": hostile}])
    monkeypatch.setattr("sys.stdout.isatty", lambda: on_a_terminal)

    assert run(["runs"]) == 0

    printed = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert not {"\x1b", "\u202e"} & set(printed)
    assert not any(line.startswith("# x") for line in printed.splitlines())


def test_a_terminal_gets_a_table_that_fits(place, capsys, monkeypatch):
    """Every cell is there."""
    write(place / "runs" / "a", result=[result()])
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("TERM", "xterm")

    assert run(["runs"]) == 0

    printed = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert max(map(len, printed.splitlines())) <= 50
    assert all(text in printed for text in ("2026-10-01 08:00", "finished", "pass@1 25.00"))


def test_no_runs_and_no_folder(place, capsys):
    """The first is a finding, the second a mistake."""
    (place / "runs").mkdir()

    assert run(["runs"]) == 0
    assert "There is no run in runs" in capsys.readouterr().out
    assert run(["runs", "elsewhere"]) == 2
    assert "elsewhere: there is no such folder" in capsys.readouterr().err
