"""Data sets of the hub: from the cache where they are there, from the network once, and told in one line otherwise."""

import hashlib
import json
import sys
from pathlib import Path

import pytest

from harness.benchmarks.hub import cache_folder, fetch
from harness.errors import UserError

CONTENT = b'{"task_id":1}\n'


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Make an empty folder the user's cache, and return where our files are in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache" / "proctor").mkdir(parents=True)
    return tmp_path / "cache" / "proctor"


@pytest.fixture
def no_library(monkeypatch):
    """Make `import datasets` fail, as where it is not installed."""
    monkeypatch.setitem(sys.modules, "datasets", None)


@pytest.fixture
def cached(cache):
    """Return a file as an earlier fetch left it."""
    path = cache / f"owner--name-full-abc.{hashlib.sha256(CONTENT).hexdigest()}.jsonl"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.usefixtures("no_library")
def test_what_was_fetched_is_read_from_the_cache(cached):
    """Neither network nor library is needed."""
    assert fetch("owner/name", revision="abc", config="full", splits=("test",)) == cached


@pytest.mark.usefixtures("no_library", "cached")
def test_another_configuration_is_another_file():
    """The sanitized half is not the whole."""
    with pytest.raises(UserError, match="owner/name is not in"):
        fetch("owner/name", revision="abc", config="sanitized", splits=("test",))


@pytest.mark.usefixtures("no_library", "cached")
def test_another_revision_is_another_file():
    """What the data set was before, or became since, is not what was measured."""
    with pytest.raises(UserError, match="owner/name is not in"):
        fetch("owner/name", revision="def", config="full", splits=("test",))


def test_a_damaged_file_is_refused(cached):
    """Its name is its hash."""
    cached.write_bytes(CONTENT.replace(b"1", b"2"))

    with pytest.raises(UserError, match=r"jsonl: is damaged; remove it"):
        fetch("owner/name", revision="abc", config="full", splits=("test",))


@pytest.mark.usefixtures("no_library")
def test_without_the_library_both_ways_out_are_told(cache):
    """Install it, or name a file; nothing is left in the cache."""
    with pytest.raises(UserError, match=r"pip install 'proctor\[hub\]', or download .* --data") as caught:
        fetch("owner/name", revision="abc", config="full", splits=("test",))

    assert "\n" not in str(caught.value)
    assert list(cache.iterdir()) == []


def test_the_cache_is_in_the_home_folder_by_default(monkeypatch):
    """As the XDG base directory specification has it."""
    monkeypatch.delenv("XDG_CACHE_HOME")

    assert cache_folder() == Path.home() / ".cache" / "proctor"


@pytest.mark.filterwarnings("default")  # the library's own
def test_a_data_set_is_fetched_once(tmp_path, cache):
    """Split after split, in the order asked for; then the source is needed no more."""
    pytest.importorskip("datasets", reason="needs the extra hub")
    folder = tmp_path / "source"
    folder.mkdir()
    for split, numbers in (("test", [1]), ("train", [2, 3])):
        (folder / f"{split}.jsonl").write_text("".join(f'{{"task_id": {n}, "tests": ["a"]}}\n' for n in numbers))

    path = fetch(str(folder), revision="abc", config="default", splits=("train", "test"))

    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"task_id": number, "tests": ["a"]} for number in (2, 3, 1)
    ]
    assert list(cache.iterdir()) == [path]
    (folder / "train.jsonl").unlink()
    assert fetch(str(folder), revision="abc", config="default", splits=("train", "test")) == path


@pytest.mark.filterwarnings("default")
def test_a_data_set_that_is_not_there(tmp_path):
    """What the library says, in one line, with both ways out."""
    pytest.importorskip("datasets", reason="needs the extra hub")

    with pytest.raises(UserError, match=r"can't be fetched \(.*\): check the network, or download .* --data") as caught:
        fetch(str(tmp_path / "nowhere"), revision="abc", config="default", splits=("test",))

    assert "\n" not in str(caught.value)
