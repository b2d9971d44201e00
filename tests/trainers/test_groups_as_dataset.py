"""Groups in the library `datasets`: loaded, saved, and read back for a training."""

import importlib.util
from pathlib import Path

import pytest

from trainers.groups import GROUPS_FILE, read_groups

pytestmark = pytest.mark.slow  # the library takes seconds to import

datasets = pytest.importorskip("datasets", reason="needs the extra train")

EXAMPLE = Path(__file__).parents[2] / "examples" / "push_groups.py"


@pytest.fixture(scope="module")
def example():
    """Return the example as a module."""
    spec = importlib.util.spec_from_file_location("push_groups", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def groups(make_groups, monkeypatch, tmp_path):
    """Return a folder of groups with its cards, as `proctor compile` leaves them; the library caches elsewhere."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = make_groups(count=5)
    (folder / "card.json").write_text("{}")
    (folder / "card.md").write_text("# Groups")
    return folder


def test_a_folder_of_groups_loads_as_a_data_set(groups):
    """A row a group; the cards beside them are no rows."""
    rows = datasets.load_dataset(str(groups), split="train")

    assert [row["problem_id"] for row in rows] == [group.problem_id for group in read_groups(groups)]
    assert rows.column_names == ["problem_id", "prompt", "completions", "rewards", "statuses", "source_ids"]


def test_groups_come_back_as_they_were(groups, example, tmp_path):
    """From the library's own form, which is what it pushes, to the file that a training reads."""
    example.groups_of(groups).save_to_disk(str(tmp_path / "saved"))
    datasets.load_from_disk(str(tmp_path / "saved")).to_parquet(str(tmp_path / "again" / GROUPS_FILE))

    assert list(read_groups(tmp_path / "again")) == list(read_groups(groups))


def test_groups_are_pushed_with_their_cards(groups, example, monkeypatch, capsys):
    """To a private data set; the commit is printed, by which they are found again."""
    calls = []

    class Pushed:
        oid = "0" * 40

    monkeypatch.setattr(
        datasets.Dataset, "push_to_hub", lambda _, *args, **named: calls.append((args, named)) or Pushed
    )
    monkeypatch.setattr(example.HfApi, "upload_file", lambda _, **named: calls.append(named["path_in_repo"]))

    example.main(groups, "owner/name")

    assert calls == [(("owner/name",), {"private": True}), "card.json", "card.md"]
    assert capsys.readouterr().out.startswith('load_dataset("owner/name", split="train", revision="000000')
