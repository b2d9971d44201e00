"""`proctor compare` and `proctor gate` from the command line."""

import json
from xml.etree import ElementTree as ET

import pytest

from harness.cli.main import run


@pytest.fixture
def runs(make_result, write_run):
    """Write three runs: a baseline of 100 problems, one that lost ten of them, and one judged by another Python."""
    half = {str(number): (1, int(number < 50)) for number in range(100)}
    less = {str(number): (1, int(number < 40)) for number in range(100)}
    return {
        "base": write_run("base", make_result(half, policy="old")),
        "worse": write_run("worse", make_result(less, policy="new")),
        "python": write_run("python", make_result(half, policy="new", python="3.12.0")),
    }


def test_gate_passes_and_fails(runs, capsys):
    """Exit code 0 for the same again, 1 for a regression; the summary is printed."""
    assert run(["gate", "--baseline", runs["base"], "--candidate", runs["base"]]) == 0
    assert capsys.readouterr().out.startswith("## Passed: old against old on toy")
    assert run(["gate", "--baseline", runs["base"], "--candidate", runs["worse"]]) == 1
    assert capsys.readouterr().out.startswith("## FAILED: new against old on toy")


def test_gate_tolerates_points(runs):
    """--tolerance is in points of percent."""
    assert run(["gate", "--baseline", runs["base"], "--candidate", runs["worse"], "--tolerance", "5"]) == 0


def test_gate_cannot_compare_another_protocol(runs, tmp_path, capsys):
    """Exit code 2, one line that says why, and the reports of the job are written all the same."""
    paths = {name: tmp_path / name for name in ("junit.xml", "summary.md", "verdict.json")}

    assert run([
        "gate", "--baseline", runs["base"], "--candidate", runs["python"], "--junit", str(paths["junit.xml"]),
        "--summary", str(paths["summary.md"]), "--verdict", str(paths["verdict.json"]),
    ]) == 2  # fmt: skip

    printed = capsys.readouterr()
    assert "python: 3.11.7 against 3.12.0" in printed.out
    assert printed.err.count("\n") == 1
    assert "can't be compared with" in printed.err
    assert paths["summary.md"].read_text() == printed.out
    assert json.loads(paths["verdict.json"].read_text())["comparable"] is False
    assert ET.parse(paths["junit.xml"]).getroot().get("errors") == "1"  # noqa: S314 - our own


def test_gate_passes_another_patch_of_python(make_result, write_run):
    """3.11.7 and 3.11.9 are one protocol."""
    names = {patch: write_run(patch, make_result({"1": (1, 1)}, python=f"3.11.{patch}")) for patch in "79"}

    assert run(["gate", "--baseline", names["7"], "--candidate", names["9"]]) == 0


@pytest.mark.parametrize(("before", "now"), [(2, 2), (10, 2), (2, 10)])
def test_gate_refuses_a_k_that_the_samples_do_not_reach(make_result, write_run, capsys, before, now):
    """Exit code 2: pass@10 of two samples is undefined, which is no regression."""
    names = [write_run(f"of {n} {role}", make_result({"1": (n, 1)})) for role, n in {"a": before, "b": now}.items()]

    assert run(["gate", "--baseline", names[0], "--candidate", names[1], "--k", "10"]) == 2
    assert "--k 10: m has at most 2 samples of a problem, too few for pass@10" in capsys.readouterr().err


def test_gate_writes_what_a_job_wants(runs, tmp_path, capsys):
    """JUnit, a verdict, and a summary behind what other steps have written to it."""
    (tmp_path / "summary.md").write_text("earlier\n")
    paths = {name: str(tmp_path / name) for name in ("junit.xml", "summary.md", "verdict.json")}

    code = run([
        "gate", "--baseline", runs["base"], "--candidate", runs["worse"], "--json",
        "--junit", paths["junit.xml"], "--summary", paths["summary.md"], "--verdict", paths["verdict.json"],
    ])  # fmt: skip

    assert code == 1
    assert ET.parse(paths["junit.xml"]).getroot().get("failures") == "1"  # noqa: S314 - our own
    assert (tmp_path / "summary.md").read_text().startswith("earlier\n## FAILED")
    assert (tmp_path / "verdict.json").read_text() == capsys.readouterr().out
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert (verdict["passed"], [check["name"] for check in verdict["checks"] if not check["passed"]]) == (
        False,
        ["pass@1"],
    )


def test_gate_names_what_it_cannot_write(runs, tmp_path, capsys):
    """A missing folder is the user's mistake, not a regression."""
    nowhere = str(tmp_path / "none" / "junit.xml")

    assert run(["gate", "--baseline", runs["base"], "--candidate", runs["base"], "--junit", nowhere]) == 2
    assert "can't be written: No such file or directory" in capsys.readouterr().err


def test_gate_without_a_baseline(runs, tmp_path, capsys):
    """A file that is not there is the user's mistake, not a regression."""
    assert run(["gate", "--baseline", str(tmp_path / "none.json"), "--candidate", runs["base"]]) == 2
    assert f"there is no run '{tmp_path}/none.json'. " in capsys.readouterr().err


def test_compare_prints_tables_and_json(runs, capsys):
    """The same numbers for people and for programs."""
    assert run(["compare", runs["base"], runs["worse"], "--flips", "1"]) == 0
    assert "10 problems got worse, 0 got better" in capsys.readouterr().out
    assert run(["compare", runs["base"], runs["worse"], "--json"]) == 0
    comparison = json.loads(capsys.readouterr().out)
    assert (comparison["columns"][0]["difference"], len(comparison["flips"])) == (pytest.approx(-0.1), 10)


def test_compare_takes_several_seeds_a_side(make_result, write_run, capsys):
    """As `proctor table` names them; a run given twice is refused."""
    runs = [
        f"{method}={write_run(f'{method}-{count}', make_result({str(i): (1, int(i < count)) for i in range(100)}))}"
        for method, counts in {"base": (48, 50, 52), "sft": (58, 60, 62)}.items()
        for count in counts
    ]

    assert run(["compare", *runs]) == 0
    assert "3 and 3 seeds: the test is on seeds" in capsys.readouterr().out
    assert run(["compare", *runs, runs[0]]) == 2
    assert "holds the same samples of m: one run is not two seeds" in capsys.readouterr().err


def test_compare_refuses_different_protocols(runs, capsys):
    """Unless requested, and then it says so above the numbers."""
    assert run(["compare", runs["base"], runs["python"]]) == 2
    assert "different protocols (python: 3.11.7 against 3.12.0); score both alike" in capsys.readouterr().err
    assert run(["compare", runs["base"], runs["python"], "--mixed-protocols"]) == 0
    assert "**Another protocol**: python: 3.11.7 against 3.12.0" in capsys.readouterr().out


def seeds(make_result, write_run, option, *solved):
    """Return the options that name runs which solved so many of 100 problems."""
    counts = [{str(number): (1, int(number < count)) for number in range(100)} for count in solved]
    names = [write_run(f"{option}-{place}", make_result(count)) for place, count in enumerate(counts)]
    return [text for name in names for text in (f"--{option}", name)]


def test_gate_tests_three_seeds_a_side_on_seeds(make_result, write_run, capsys):
    """50, 60, 70 against 40, 50, 60: each checkpoint lost ten problems, and seeds differ by as many."""
    baselines = seeds(make_result, write_run, "baseline", 50, 60, 70)

    assert run(["gate", *baselines, *seeds(make_result, write_run, "candidate", 40, 50, 60)]) == 0
    assert "3 and 3 seeds: the test is on seeds, so a difference is one between the methods" in capsys.readouterr().out


def test_gate_stops_a_method_whose_seeds_are_all_worse(make_result, write_run):
    """59, 60, 61 against 39, 40, 41."""
    baselines = seeds(make_result, write_run, "baseline", 59, 60, 61)

    assert run(["gate", *baselines, *seeds(make_result, write_run, "candidate", 39, 40, 41)]) == 1


def test_gate_refuses_a_run_given_twice_and_two_ways_to_decide(runs, capsys):
    """Each in one line."""
    assert run(["gate", "--baseline", runs["base"], "--baseline", runs["base"], "--candidate", runs["worse"]]) == 2
    assert "one run is not two seeds" in capsys.readouterr().err
    both = ["--candidate", runs["worse"], "--candidate", runs["base"], "--state", "state.json"]
    assert run(["gate", "--baseline", runs["base"], *both]) == 2
    assert "--candidate: several seeds are tested at once" in capsys.readouterr().err


def test_gate_takes_equal_shares_of_other_numbers_of_samples_as_equal(make_result, write_run):
    """5 of 10 and 10 of 20 differ by 1e-17 as floats, and by nothing as fractions."""
    names = [
        write_run(f"of {n}", make_result({str(number): (n, n // 2) for number in range(100)}, samples=20))
        for n in (20, 10)
    ]

    assert run(["gate", "--baseline", names[0], "--candidate", names[1]]) == 0
