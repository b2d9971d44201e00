"""What a command line names, and how results of one name are numbered."""

from pathlib import Path

import pytest

from harness.errors import UserError
from leaderboards.cli.table import entries_of, titled, trainings_of
from leaderboards.table import TableEntry


def entry(method, result, model=""):
    """Return an entry."""
    return TableEntry(method=method, model=model, result=result, run=Path())


def test_no_seed_is_lost_for_having_the_name_of_another(make_result):
    """Three of one name are numbered in their order; another model or benchmark is another name."""
    result, elsewhere = make_result({"1": (1, 1)}), make_result({"1": (1, 1)}, benchmark="other")
    entries = [
        entry("sft", result), entry("base", result), entry("sft", result), entry("sft", result, "7B"),
        entry("sft", elsewhere), entry("sft", result),
    ]  # fmt: skip

    found = titled(entries)

    assert [*found] == [
        "sft on toy, seed 1",
        "base on toy",
        "sft on toy, seed 2",
        "sft 7B on toy",
        "sft on other",
        "sft on toy, seed 3",
    ]
    assert all(one is other for one, other in zip(found.values(), entries, strict=True))


@pytest.mark.parametrize("argument", ["sft", "rl=models/rl", "rl@7B=models/rl"])
def test_a_checkpoint_goes_with_a_method_of_the_table(make_result, argument):
    """It is named with the method, and the method has a result."""
    with pytest.raises(UserError, match=r"give METHOD=FOLDER, METHOD being one of sft, base"):
        trainings_of([argument], [entry("sft", make_result({"1": (1, 1)})), entry("base", make_result({"1": (1, 1)}))])


def test_a_missing_run_is_told_by_its_path(tmp_path):
    """With and without a method before it."""
    for argument in (f"{tmp_path}/none", f"sft={tmp_path}/none"):
        with pytest.raises(UserError, match=f"no run '{tmp_path}/none'"):
            entries_of(argument)
