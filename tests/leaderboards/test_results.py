"""Finding results in files."""

from pathlib import Path

import pytest

from harness.errors import UserError
from leaderboards.results import named_results, the_one


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

    with pytest.raises(UserError, match=r"holds no result of c; its policies are a$"):
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
