"""Groups on disk: what is written is read, and equal groups are equal bytes."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from trainers.groups import GROUPS_FILE, Group, read_groups, write_groups

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def groups(draw):
    """Draw a group of two to four members."""
    size = draw(st.integers(2, 4))
    texts = st.tuples(*[TEXT] * size)
    rewards = st.tuples(*[st.floats(allow_nan=False)] * size)
    return Group(
        problem_id=draw(TEXT),
        prompt=draw(TEXT),
        completions=draw(texts),
        rewards=draw(rewards),
        statuses=draw(texts),
        source_ids=draw(texts),
    )


@pytest.fixture(scope="module")
def parquet():
    """Skip where the extra `train` is not installed."""
    return pytest.importorskip("pyarrow.parquet", reason="needs pyarrow, of the extra train")


@pytest.mark.usefixtures("parquet")
@given(written=st.lists(groups(), max_size=5))
def test_what_is_written_is_read(tmp_path_factory, written):
    """Every text and number, in order; and the hash is that of the bytes, which are the same again."""
    folder = tmp_path_factory.mktemp("groups")

    sha256 = write_groups(folder / GROUPS_FILE, written)

    assert list(read_groups(folder)) == written
    assert write_groups(folder / "again.parquet", written) == sha256


@pytest.mark.usefixtures("parquet")
def test_many_groups_are_written_in_blocks(tmp_path):
    """More groups than are held at once."""
    written = [
        Group(
            problem_id=f"p{number}", prompt="", completions=("a", "b"), rewards=(1.0, -1.0), statuses=("", ""),
            source_ids=("", ""),
        )
        for number in range(2500)
    ]  # fmt: skip

    write_groups(tmp_path / GROUPS_FILE, iter(written))

    assert list(read_groups(tmp_path / GROUPS_FILE)) == written


def test_other_files_are_refused(tmp_path, parquet):
    """Missing, not Parquet, or of other columns: one line each."""
    pa = pytest.importorskip("pyarrow")
    (tmp_path / "text").write_text("groups")
    parquet.write_table(pa.table({"x": [1]}), tmp_path / "other")

    with pytest.raises(UserError, match=r"groups\.parquet: there is no such file"):
        list(read_groups(tmp_path))
    with pytest.raises(UserError, match="not a Parquet file"):
        list(read_groups(tmp_path / "text"))
    with pytest.raises(UserError, match="its columns are not those of groups"):
        list(read_groups(tmp_path / "other"))


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(UserError, match=r"pip install 'proctor\[train\]'"):
        write_groups(tmp_path / GROUPS_FILE, [])
