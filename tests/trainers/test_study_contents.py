"""Hashes of what a study reads: content counts, and what was hashed before is not read again."""

import os

import pytest

from harness.errors import UserError
from trainers.study import contents
from trainers.study.contents import ABSENT, content_hashes

LONG_AGO = (1_000_000_000, 1_000_000_000)


@pytest.fixture
def tree(tmp_path):
    """Return a folder with two files, one of them in a folder."""
    (tmp_path / "tree" / "below").mkdir(parents=True)
    (tmp_path / "tree" / "a.txt").write_text("a")
    (tmp_path / "tree" / "below" / "b.txt").write_text("b")
    return tmp_path / "tree"


def hash_of(path, work):
    """Return the hash of one file or folder."""
    return content_hashes({"it": str(path)}, work)["it"]


def test_content_and_names_count(tree, tmp_path):
    """Times and the folder's own name don't."""
    before = hash_of(tree, tmp_path / "work")
    os.utime(tree / "a.txt", LONG_AGO)
    moved = tree.rename(tmp_path / "moved")

    assert hash_of(moved, tmp_path / "work") == before
    (moved / "a.txt").write_text("A")
    changed = hash_of(moved, tmp_path / "work")
    (moved / "a.txt").rename(moved / "c.txt")
    assert len({before, changed, hash_of(moved, tmp_path / "work")}) == 3


def test_a_reference_that_a_training_stores_is_no_part_of_groups(tree, tmp_path):
    """Nor its draft; else a study would repeat all trainings on groups of yours."""
    before = hash_of(tree, tmp_path / "work")
    for name in ("reference-0123456789abcdef.safetensors", "reference-0123456789abcdef.0123456789abcdef.part"):
        (tree / name).write_text("1")

    assert hash_of(tree, tmp_path / "work") == before
    (tree / "reference-mine.safetensors").write_text("1")
    assert hash_of(tree, tmp_path / "work") != before


def test_what_is_hashed_is_not_read_again(tree, tmp_path, monkeypatch):
    """Where its times are old enough to tell it from a changed one."""
    read = []
    monkeypatch.setattr(contents, "sha256_of_file", lambda path: read.append(path.name) or "0")
    monkeypatch.setattr(contents.time, "time_ns", lambda: 10**19)

    first = hash_of(tree, tmp_path / "work")

    assert hash_of(tree, tmp_path / "work") == first
    assert read == ["a.txt", "b.txt"]


def test_what_was_just_written_is_read_again(tree, tmp_path, monkeypatch):
    """A change within the clock's step of a file system shows in no time."""
    read = []
    monkeypatch.setattr(contents, "sha256_of_file", lambda path: read.append(path.name) or "0")

    hash_of(tree / "a.txt", tmp_path / "work")
    hash_of(tree / "a.txt", tmp_path / "work")

    assert read == ["a.txt", "a.txt"]


def test_what_is_not_there_is_absent(tmp_path):
    """A plan goes without it."""
    assert hash_of(tmp_path / "none", tmp_path / "work") == ABSENT


def test_what_is_no_file_is_refused(tree, tmp_path):
    """A pipe would never end."""
    os.mkfifo(tree / "pipe")

    with pytest.raises(UserError, match=r"files\.it: .*/pipe: is neither a file nor a folder"):
        hash_of(tree, tmp_path / "work")
