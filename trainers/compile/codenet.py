"""Reads submissions from CodeNet's original tree, one problem at a time.

The tree: `metadata/problem_list.csv`, `metadata/pXXXXX.csv`, `data/pXXXXX/Python/sXXXXXXXXX.py`,
`problem_descriptions/pXXXXX.html`. It is a download, so nothing in it is trusted: ids that could lead out of
the tree, links and pipes in place of files, rows cut short. What is wrong is counted, and costs what it concerns only.
"""

import csv
import os
import re
import stat
import tokenize
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TextIO

import msgspec

from harness.errors import UserError
from trainers.compile.data_card import ODDITIES, PROBLEMS, ROWS, STATUSES, Counts, Rule
from trainers.compile.rewards import JUDGE_SIDE, Status

LANGUAGE = "Python"
"""As the column `language` and the folder call it."""

_PYTHON_2 = re.compile(r"(?:Python|PyPy)2.*|Python(?: \(2\..*\))?")
"""The column `original_language` of Python 2: `PyPy2 (5.6.0)` or `Python (2.7.6)` on AtCoder, `Python` on AIZU, whose
Python 3 is `Python3`. `PyPy3 (2.4.0)` and `Python (3.8.2)` are Python 3; where it is empty, that is unknown."""

MAX_SOURCE_BYTES = 64 << 10
"""Larger sources are not read: 2,048 tokens of 32 bytes each."""

MAX_STATEMENT_BYTES = 1 << 20

_PROBLEM_ID = re.compile(r"p\d{5}")
_SUBMISSION_ID = re.compile(r"s\d{9}")
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}")
_NEEDED = ("submission_id", "problem_id", "language", "filename_ext", "status")
_QUANTITIES = ("cpu_time", "memory", "code_size")
_STATUSES = {str(status): status for status in Status}


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a row of the metadata in our language; an unknown quantity is None."""

    submission_id: str
    problem_id: str
    filename_ext: str
    status: Status
    cpu_time_ms: float | None
    memory_kb: float | None
    code_size_bytes: float | None


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the submissions of one problem by id, and counts of its other rows."""

    submissions: tuple[Submission, ...]
    counts: Counts


def problem_ids(tree: Path) -> tuple[str, ...]:
    """Return the problems that have metadata.

    Args:
        tree: Folder of the CodeNet download.

    Returns:
        Ids such as p00001, sorted; at least one.

    Raises:
        UserError: `tree` has no folder `metadata`, or that holds no problem.
    """
    folder = tree / "metadata"
    if not folder.is_dir():
        raise UserError(f"{tree}: has no folder metadata; name the folder into which Project_CodeNet was unpacked")
    found = tuple(sorted(path.stem for path in folder.glob("*.csv") if _PROBLEM_ID.fullmatch(path.stem)))
    if not found:
        raise UserError(f"{folder}: holds no pXXXXX.csv; unpack CodeNet's metadata there")
    return found


def time_limits_ms(tree: Path) -> dict[str, float | None]:
    """Return the problems of problem_list.csv with their time limits.

    Args:
        tree: Folder of the CodeNet download.

    Returns:
        Id -> milliseconds, None for an unknown limit; empty without the file.
    """
    path = tree / "metadata" / "problem_list.csv"
    if not path.is_file():
        return {}
    with _opened(path) as file:
        rows = _whole_rows(file, Counts())
        header = next(rows, [])
        problems = (dict(zip(header, row, strict=False)) for row in rows)
        return {row["id"]: _quantity(row.get("time_limit", ""))[0] for row in problems if row.get("id")}


def index(tree: Path, problem_id: str) -> Index:
    """Read the metadata of a problem.

    Args:
        tree: Folder of the CodeNet download.
        problem_id: Such as p00001.

    Returns:
        The usable rows, sorted by id, and the others counted by the rule that drops them; neither where the file can't
        be read, which counts as one problem.
    """
    counts = Counts()
    try:
        with _opened(tree / "metadata" / f"{problem_id}.csv") as file:
            submissions = tuple(_submissions(file, problem_id, counts))
    except OSError:
        return Index(submissions=(), counts=Counts({(PROBLEMS, "metadata can't be read"): 1}))
    return Index(submissions=tuple(sorted(submissions, key=lambda row: row.submission_id)), counts=counts)


def source(tree: Path, submission: Submission) -> str | Rule:
    r"""Return the text of a submission, decoded as Python would, with \n at line ends.

    Args:
        tree: Folder of the CodeNet download.
        submission: A row of its metadata.

    Returns:
        The text, at most `MAX_SOURCE_BYTES` in the file, or the rule that drops it.
    """
    name = f"{submission.submission_id}.{submission.filename_ext}"
    data = _plain_file(tree / "data" / submission.problem_id / LANGUAGE / name, MAX_SOURCE_BYTES)
    if isinstance(data, Rule):
        return data
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
        text = data.decode(encoding)
        text.encode()  # an exotic encoding may give half of a surrogate pair, which no file can hold
    except (SyntaxError, LookupError, ValueError):
        return Rule.WRONG_ENCODING
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.strip() else Rule.EMPTY_SOURCE


def statement_page(tree: Path, problem_id: str) -> str | Rule:
    """Return the page with a problem's statement.

    Args:
        tree: Folder of the CodeNet download.
        problem_id: Such as p00001.

    Returns:
        The HTML, at most `MAX_STATEMENT_BYTES` in the file, or the rule that drops the problem's rows.
    """
    data = _plain_file(tree / "problem_descriptions" / f"{problem_id}.html", MAX_STATEMENT_BYTES)
    if isinstance(data, Rule):
        return Rule.NO_STATEMENT
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Rule.BAD_STATEMENT


def stray_sources(tree: Path, problem_id: str, submissions: Sequence[Submission]) -> int:
    """Count the files of a problem's folder that belong to no submission.

    Args:
        tree: Folder of the CodeNet download.
        problem_id: Such as p00001.
        submissions: All that are known of the problem.

    Returns:
        Their number, 0 without the folder.
    """
    known = {f"{row.submission_id}.{row.filename_ext}" for row in submissions}
    try:
        return sum(path.name not in known for path in (tree / "data" / problem_id / LANGUAGE).iterdir())
    except OSError:
        return 0  # each of its submissions is counted as without a source


def _opened(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _submissions(file: TextIO, problem_id: str, counts: Counts) -> Iterator[Submission]:
    rows = _whole_rows(file, counts)
    header = next(rows, [])
    columns = {name: position for position, name in enumerate(header)}
    if missing := [name for name in _NEEDED if name not in columns]:
        counts[ROWS, Rule.MISSING_COLUMNS] += sum(bool(row) for row in rows)
        counts[ODDITIES, f"metadata without {', '.join(missing)}"] += 1
        return
    language, width, others = columns["language"], len(header), 0
    original = columns.get("original_language", language)
    seen = set[str]()
    for row in rows:
        if len(row) != width:
            counts[ROWS, Rule.MALFORMED_ROW] += bool(row)
        elif row[language] != LANGUAGE:
            others += 1
        elif original != language and _PYTHON_2.fullmatch(row[original]):
            counts[ROWS, Rule.PYTHON_2] += 1
        elif isinstance(found := _submission(dict(zip(header, row, strict=True)), problem_id, seen, counts), Rule):
            counts[ROWS, found] += 1
        else:
            yield found
    counts[ROWS, Rule.OTHER_LANGUAGE] += others


def _whole_rows(file: TextIO, counts: Counts) -> Iterator[list[str]]:
    """Yield the rows; one that the CSV reader gives up on, or that runs over several lines, counts by its lines."""
    rows = csv.reader(file)
    while True:
        before = rows.line_num
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            counts[ROWS, Rule.MALFORMED_ROW] += rows.line_num - before
            continue
        if rows.line_num - before > 1:
            counts[ROWS, Rule.MALFORMED_ROW] += rows.line_num - before
        else:
            yield row


def _submission(row: dict[str, str], problem_id: str, seen: set[str], counts: Counts) -> Submission | Rule:
    submission_id, status = row["submission_id"], _STATUSES.get(row["status"])
    if not _SUBMISSION_ID.fullmatch(submission_id) or not _EXTENSION.fullmatch(row["filename_ext"]):
        return Rule.BAD_ID
    if row["problem_id"] != problem_id:
        return Rule.OTHER_PROBLEM
    if submission_id in seen:
        return Rule.REPEATED_ID
    seen.add(submission_id)
    if status is None:
        return Rule.UNKNOWN_STATUS
    counts[STATUSES, status] += 1
    if status in JUDGE_SIDE:
        return Rule.JUDGE_SIDE
    quantities = {}
    for name in _QUANTITIES:
        quantities[name], oddity = _quantity(row.get(name, ""))
        if oddity:
            counts[ODDITIES, f"{oddity} {name}"] += 1
    return Submission(
        submission_id=submission_id,
        problem_id=problem_id,
        filename_ext=row["filename_ext"],
        status=status,
        cpu_time_ms=quantities["cpu_time"],
        memory_kb=quantities["memory"],
        code_size_bytes=quantities["code_size"],
    )


def _quantity(text: str) -> tuple[float | None, str]:
    """Return the number, None for an unknown one, and an oddity found in it.

    >>> _quantity("20"), _quantity(""), _quantity("-1"), _quantity("fast")
    ((20.0, ''), (None, ''), (None, 'negative'), (None, 'unreadable'))
    """
    if not text:
        return None, ""
    if not re.fullmatch(r"-?\d{1,15}", text):
        return None, "unreadable"
    number = float(text)
    return (number, "") if number >= 0 else (None, "negative")


def _plain_file(path: Path, max_bytes: int) -> bytes | Rule:
    """Read a small plain file, not a link, a pipe or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Rule.NO_SOURCE
    except OSError:
        return Rule.NO_FILE
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return Rule.NO_FILE
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(max_bytes + 1)
    return data if len(data) <= max_bytes else Rule.TOO_LARGE
