"""`proctor table` from the command line."""

import json

import pytest

from harness.cli.main import run


@pytest.fixture
def runs(make_result, write_run):
    """Write the runs of a base and two seeds of a trained policy."""
    counts = [{str(number): (1, int(number < solved)) for number in range(10)} for solved in (5, 4, 6)]
    return [write_run(f"run-{place}", make_result(count, policy="m")) for place, count in enumerate(counts)]


def test_methods_models_and_seeds_are_named_on_the_command_line(runs, capsys):
    """METHOD@MODEL=RESULT; the same name twice is two seeds: 40 and 60 %."""
    base, *seeds = runs

    assert run(["table", f"BASE@7B={base}", *(f"SFT@7B={seed}" for seed in seeds)]) == 0

    out = capsys.readouterr().out
    assert out.startswith("**toy, 7B: 10 problems of test, n = 1; mean ± standard deviation over up to 2 seeds**")
    assert "| BASE   | **50.00**         |" in out
    assert "| SFT    | **50.00** ± 14.14 |" in out


def test_equal_inputs_give_equal_bytes(runs, capsys):
    """In both formats."""
    for as_ in ("markdown", "json"):
        arguments = ["table", f"a={runs[0]}", f"b={runs[1]}", "--format", as_]
        assert run(arguments) == 0
        first = capsys.readouterr().out
        assert run(arguments) == 0
        assert capsys.readouterr().out == first != ""


def test_json_holds_the_whole_table(runs, capsys):
    """Numbers with intervals, marks, notes."""
    assert run(["table", f"base={runs[0]}", f"b={runs[1]}", "--format", "json"]) == 0

    (table,) = json.loads(capsys.readouterr().out)

    assert [row["cells"][0]["value"] for row in table["rows"]] == [50.0, 40.0]
    assert [row["cells"][0]["below_base"] for row in table["rows"]] == [False, True]


def test_a_policy_without_a_name_is_its_own_row(runs, capsys):
    """The result says who wrote the programs."""
    assert run(["table", runs[0]]) == 0
    assert "| m      | 50.00  |" in capsys.readouterr().out


def test_a_path_may_hold_an_equals_sign(make_result, write_run, capsys):
    """What exists is a path, and so is the rest of an argument behind its first =."""
    path = write_run("lr=1", make_result({"1": (1, 1)}))

    assert run(["table", path]) == 0
    assert "| m " in capsys.readouterr().out
    assert run(["table", f"sft={path}"]) == 0
    assert "| sft " in capsys.readouterr().out


def test_one_method_cannot_stand_for_several_policies(make_result, write_run, capsys):
    """They are no seeds of each other."""
    path = write_run("run", make_result({"1": (1, 1)}, policy="a"), make_result({"1": (1, 1)}, policy="b"))

    assert run(["table", f"sft={path}"]) == 2
    assert "holds results of a, b; choose one as" in capsys.readouterr().err


def test_the_published_numbers_stand_below_ours(runs, capsys):
    """Or alone."""
    assert run(["table", runs[0], "--published"]) == 0
    out = capsys.readouterr().out
    assert out.index("| m ") < out.index("Table 3 of the paper")
    assert run(["table", "--published"]) == 0
    assert capsys.readouterr().out.count("**64.40**") == 3


def test_a_folder_of_runs_gets_its_leaderboard(runs, tmp_path, capsys):
    """Written, then found up to date, then stale."""
    assert len(runs) == 3
    assert run(["table", str(tmp_path)]) == 0
    assert run(["table", str(tmp_path), "--check"]) == 0
    (tmp_path / "LEADERBOARD.md").write_text("edited")
    assert run(["table", str(tmp_path), "--check"]) == 1
    assert f"is stale; run proctor table {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "there is nothing to print"), (["run-0", "--check"], "--check is for a leaderboard")],
)
def test_what_makes_no_sense_is_refused(capsys, arguments, message):
    """In one line."""
    assert run(["table", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(runs, tmp_path, capsys):
    """In one line, for each kind of output."""
    (tmp_path / "file").write_text("")
    (tmp_path / "LEADERBOARD.md").mkdir()
    page = tmp_path / "file" / "page"

    for arguments, place in (
        ([runs[0], "--format", "html", "--out", str(page)], page),
        ([str(tmp_path)], tmp_path / "LEADERBOARD.md"),
    ):
        assert run(["table", *arguments]) == 2
        assert f"{place}: can't be written: " in capsys.readouterr().err


def test_a_leaderboard_takes_no_other_options(runs, tmp_path, capsys):
    """They are not ignored in silence."""
    assert len(runs) == 3
    assert run(["table", str(tmp_path), "--format", "json"]) == 2
    assert "whose leaderboard takes no option but --check" in capsys.readouterr().err
    assert not (tmp_path / "LEADERBOARD.md").exists()
