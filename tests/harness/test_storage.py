"""Files: strict when read, whole when written, repaired after a kill."""

import gzip

import msgspec
import pytest

from harness.errors import UserError
from harness.runs.jsonl import append, appended_rows, read, read_rows, resume, whole_file, write_whole


class Row(msgspec.Struct, frozen=True):
    """A row for these tests."""

    name: str
    count: int = 0


def rows_of(path):
    """Return the rows of a file without their places."""
    return [row for _, row in read_rows(path, Row)]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_reads_rows_with_their_place(tmp_path, name):
    """Plain and gzip files give the same rows; a blank line counts as a line but is no row."""
    path = tmp_path / name
    text = b'{"name": "a", "count": 1}\n\n{"name": "b", "other": [1]}\n'
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)

    assert list(read_rows(path, Row)) == [(f"{path}:1", Row("a", 1)), (f"{path}:3", Row("b"))]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"count": 1}', "missing required field `name`"),
        (b'{"name": 1}', "Expected `str`, got `int` - at `$.name`"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"name": "a"', "is not JSON"),
        (b'{"name": "\xff"}', "utf-8"),
        (b"nonsense", "is not JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, problem):
    """A missing field, a wrong type, broken JSON and bad UTF-8 are one line with file and line number."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"name": "a"}\n' + line + b"\n")

    with pytest.raises(UserError) as caught:
        rows_of(path)

    assert str(caught.value).startswith(f"{path}:2: ")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    """The path that doesn't exist is in the message."""
    with pytest.raises(UserError, match=r"gone\.jsonl: there is no such file"):
        rows_of(tmp_path / "gone.jsonl")


def test_a_directory_is_named(tmp_path):
    """A directory where a file was meant is said to be one."""
    with pytest.raises(UserError, match="is a directory"):
        rows_of(tmp_path)


@pytest.mark.parametrize("data", [gzip.compress(b'{"name": "a"}\n' * 99, mtime=0)[:-9], b"no gzip at all"])
def test_a_damaged_gzip_is_named(tmp_path, data):
    """A truncated gzip and a file that is none are told."""
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(data)

    with pytest.raises(UserError, match=r"rows\.jsonl\.gz: damaged gzip"):
        rows_of(path)


def test_one_value_a_file(tmp_path):
    """A file that is one JSON value is read as one."""
    path = tmp_path / "list.json"
    path.write_bytes(b'[{"name":\n"a"}]')

    assert read(path, tuple[Row, ...]) == (Row("a"),)


@pytest.mark.parametrize("half", [b"", b'{"na', b'{"name": "c", "count": 3}'])
def test_resume_cuts_a_half_written_line(tmp_path, half):
    """A last line without its newline is what a kill leaves: it is cut off, and appending goes on behind it."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"name":"a"}\n{"name":"b"}\n' + half)

    assert tuple(resume(path, Row)) == (Row("a"), Row("b"))
    with path.open("ab") as file:
        append(file, Row("d", 4))
    assert path.read_bytes() == b'{"name":"a"}\n{"name":"b"}\n{"name":"d","count":4}\n'


def test_resume_of_nothing(tmp_path):
    """No file, and a file killed within its first line, hold no rows."""
    path = tmp_path / "rows.jsonl"

    assert tuple(resume(path, Row)) == ()
    path.write_bytes(b'{"na')
    assert tuple(resume(path, Row)) == ()


def test_a_line_that_is_being_written_is_no_row_yet(tmp_path):
    """Whoever reads along leaves the file as it is."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"name":"a"}\n{"na')

    assert list(appended_rows(path, Row)) == [Row("a")]
    assert path.read_bytes() == b'{"name":"a"}\n{"na'


def test_resume_refuses_a_bad_line_elsewhere(tmp_path):
    """Only the last line can be the work of a kill."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"name":"a"}\n{"na\n{"name":"b"}\n')

    with pytest.raises(UserError, match=r"rows\.jsonl:2: "):
        tuple(resume(path, Row))


def test_what_is_appended_is_in_the_file_at_once(tmp_path):
    """A row can be read before the file is closed."""
    path = tmp_path / "rows.jsonl"
    with path.open("ab") as file:
        append(file, Row("a"))

        assert rows_of(path) == [Row("a")]


def test_a_whole_write_leaves_no_draft(tmp_path):
    """The new content replaces the old, also where a killed process left its draft."""
    path = tmp_path / "result.json"
    (tmp_path / "result.json.tmp").write_bytes(b"hal")
    path.write_bytes(b"old")

    write_whole(path, b"new")

    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"result.json": b"new"}


def test_a_write_that_fails_leaves_the_old_content(tmp_path):
    """And no draft."""
    path = tmp_path / "result.json"
    path.write_bytes(b"old")

    with pytest.raises(ZeroDivisionError), whole_file(path) as file:
        file.write(b"ne%d" % (1 // 0))

    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"result.json": b"old"}
