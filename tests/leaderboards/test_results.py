"""Finding results in files."""

import json
import shutil
from pathlib import Path

import pytest

from harness.errors import UserError
from leaderboards.results import named_results, refuse_repeated, shared_tallies, the_one, two_sides


def test_a_folder_and_its_file_are_the_same(make_result, write_run):
    """Either may be named."""
    result = make_result({"1": (1, 1)})
    run = write_run("run", result)

    assert [found.result for found in named_results(run)] == [result]
    assert the_one(f"{run}/result.json").result == result


def test_one_policy_of_several(make_result, write_run):
    """The part behind the # is the policy."""
    run = write_run("run", make_result({"1": (1, 1)}, policy="org/a"), make_result({"1": (1, 0)}, policy="org/b"))

    assert the_one(f"{run}#org/b").result.policy == "org/b"
    assert len(named_results(run)) == 2


def test_several_policies_are_not_guessed(make_result, write_run):
    """Where one is wanted, the message names them all and how to choose."""
    run = write_run("run", make_result({"1": (1, 1)}, policy="a"), make_result({"1": (1, 0)}, policy="b"))

    with pytest.raises(UserError, match=r"holds results of a, b; name one of them as .*#POLICY"):
        the_one(run)


def test_an_unknown_policy_is_told(make_result, write_run):
    """So is what there is instead."""
    run = write_run("run", make_result({"1": (1, 1)}, policy="a"))

    with pytest.raises(UserError, match=r"there is no policy 'c'\. Choose from a$"):
        the_one(f"{run}#c")


def test_a_path_may_hold_a_hash(make_result, write_run):
    """An existing file is meant literally."""
    run = write_run("run#1", make_result({"1": (1, 1)}))

    assert the_one(run).run == Path(run)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "holds no result"),
        (
            '[{"schema": 1}]',
            "has schema 1, this proctor reads 5; judge its samples again: proctor score .*samples.jsonl",
        ),
        ('[{"schema": 5}]', "missing required field"),
        ("{", "correct or remove it"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path, content, message):
    """In one line that names the file."""
    (tmp_path / "result.json").write_text(content)

    with pytest.raises(UserError, match=rf"result\.json.*{message}"):
        named_results(str(tmp_path))


def test_a_folder_without_results(tmp_path):
    """A run that was not finished has none yet."""
    with pytest.raises(UserError, match=r"is a folder without result\.json"):
        named_results(str(tmp_path))


def test_a_file_that_is_no_result_is_named(tmp_path):
    """Such as the leaderboard, which a pattern over a folder of runs names too."""
    (tmp_path / "LEADERBOARD.md").write_text("# Leaderboard")

    with pytest.raises(UserError, match=r"LEADERBOARD\.md: not a result file; name a run, or its result\.json"):
        named_results(str(tmp_path / "LEADERBOARD.md"))


@pytest.mark.parametrize(
    "tally", [{"n": 1, "c": 2}, {"n": -1, "c": -1}, {"n": 10**9, "c": 0}, {"n": 1, "c": 0, "lost": -1}]
)
def test_impossible_counts_are_refused(make_result, write_run, tally):
    """Every number of a table would be wrong, or take forever."""
    path = Path(write_run("run", make_result({"1": (1, 1)}))) / "result.json"
    (content,) = json.loads(path.read_text())
    content["tallies"][0] |= tally
    path.write_text(json.dumps([content]))

    with pytest.raises(UserError, match=r"result\.json: task 1 has impossible counts"):
        named_results(str(path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verdict_counts": {}}, "has impossible numbers of verdicts"),
        ({"verdict_counts": {"sandbox_error": -1}}, "has impossible numbers of verdicts"),
        ({"k": 0}, "holds a score of fewer than one try"),
    ],
)
def test_impossible_scores_are_refused(make_result, write_run, changes, message):
    """In one line that names the file, where a division by zero would follow."""
    path = Path(write_run("run", make_result({"1": (1, 1)}))) / "result.json"
    (content,) = json.loads(path.read_text())
    (content["scores"][0] if "k" in changes else content).update(changes)
    path.write_text(json.dumps([content]))

    with pytest.raises(UserError, match=rf"result\.json: {message}"):
        named_results(str(path))


def test_a_task_that_is_there_twice_is_refused(make_result, write_run):
    """It is not clear which counts."""
    path = Path(write_run("run", make_result({"1": (1, 1)}))) / "result.json"
    (content,) = json.loads(path.read_text())
    content["tallies"] *= 2
    path.write_text(json.dumps([content]))

    with pytest.raises(UserError, match=r"result\.json: holds task 1 twice"):
        named_results(str(path))


def test_two_sides_are_two_results(make_result, write_run):
    """Named after their policies."""
    runs = [write_run(name, make_result({"1": (1, 1)}, policy=name)) for name in "ab"]

    assert [(side.name, len(side.found)) for side in two_sides(runs)] == [("a", 1), ("b", 1)]


def test_two_sides_are_the_seeds_of_two_methods(make_result, write_run):
    """In any order, as `proctor table` names them."""
    runs = [write_run(name, make_result({"1": (2, place % 3)}, policy=name)) for place, name in enumerate("abcde")]
    labels = ("base", "sft", "base", "sft", "base")

    base, sft = two_sides([f"{label}={run}" for label, run in zip(labels, runs, strict=True)])

    assert [found.result.policy for found in base.found] == ["a", "c", "e"]
    assert [found.result.policy for found in sft.found] == ["b", "d"]


@pytest.mark.parametrize("labels", [("",), ("", "", ""), ("a=", ""), ("a=", "a="), ("a=", "b=", "c=")])
def test_other_than_two_sides_is_refused(make_result, write_run, labels):
    """One, three, or results that belong to no side."""
    runs = [write_run(str(place), make_result({"1": (5, place)})) for place in range(3)]

    with pytest.raises(UserError, match="name two results, or several as METHOD=RESULT"):
        two_sides([f"{label}{run}" for label, run in zip(labels, runs, strict=False)])


def test_a_copy_of_a_run_is_no_other_seed(run_of, tmp_path):
    """Whatever its folder is called, its samples are the same."""
    run = run_of("run", {"1": ["a", "b"]})
    shutil.copytree(run, tmp_path / "copy")
    found = [the_one(run), the_one(str(tmp_path / "copy"))]

    with pytest.raises(UserError, match=r"run and .*copy hold the same samples of m: one run is not two seeds"):
        refuse_repeated(found)


def test_seeds_with_equal_scores_are_seeds(run_of):
    """Their samples tell that they are not one run."""
    refuse_repeated([the_one(run_of("one", {"1": ["a", "b"]})), the_one(run_of("two", {"1": ["a", "c"]}))])


def test_shared_tallies_are_in_the_order_of_the_first(make_result):
    """Of the problems with two samples in all."""
    results = [
        make_result({"1": (2, 1), "2": (2, 0), "3": (2, 2)}),
        make_result({"3": (2, 1), "2": (1, 0), "1": (3, 0)}),
    ]

    assert [[(tally.task_id, tally.c) for tally in row] for row in shared_tallies(results, 2)] == [
        [("1", 1), ("3", 2)],
        [("1", 0), ("3", 1)],
    ]
