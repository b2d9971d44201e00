"""Defines sources of samples, and the samples that a format yields, as they are written there."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeVar

import msgspec

from harness.errors import UserError
from harness.formats.head import BOM, Head
from harness.runs.json_objects import spans
from harness.runs.python_json import converted, parse_row
from harness.runs.records import Problem

T = TypeVar("T")

MOST_ROW_BYTES = 1 << 28
"""No row is longer: it would be held in memory several times."""
_LITERALS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")


class SampleNames(Protocol):
    """Names the tasks of a benchmark: a `Benchmark`, for modules to its left."""

    @property
    def name(self) -> str:
        """Return the benchmark's name."""

    @property
    def canonical_id(self) -> Callable[[str | int], str]:
        """Return the function that turns task ids as others write them into ours."""

    @property
    def default_split(self) -> str:
        """Return the split of the problems that a nameless list of completions answers."""


class GivenSample(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Holds a sample as a format has it: any value may be of any type, since others wrote it."""

    where: str
    task: Any
    """The task's id as it is written; a tuple of ids where several may be meant, the likeliest first."""
    completion: Any
    """A text, or a message or its parts; a list of texts is a sample each; anything else is not a text."""
    policy: Any = None
    index: Any = None
    prompt: Any = ""
    seed: Any = None
    ended: Any = None
    """Why the completion ended, in the words of servers."""
    prompt_tokens: Any = None
    tokens: Any = None
    passed: Any = None
    """The verdict that the other tool recorded, a bool; for several completions a list of them."""


class SampleSource(msgspec.Struct, kw_only=True):
    """Holds a file or folder of samples, opened and unpacked, and the benchmark that they answer."""

    name: str
    """In errors."""
    stem: str
    """The policy, where the samples name none."""
    head: Head
    path: Path
    file: BinaryIO | None = None
    """Of a file: its bytes without gzip, from the beginning; None for a folder."""
    benchmark: SampleNames
    problems: Mapping[str, Problem]
    known: Collection[str] = ()
    """Their ids: a look-up in a lazy mapping may decode a problem."""
    is_forced: bool = False
    """Whether the user named the format."""
    offset: int = 0
    """Of the first problem that a list without task ids answers."""
    remarks: Counter[str] = msgspec.field(default_factory=Counter)
    """Remark -> rows that it is about, for the user."""
    first_of_remark: dict[str, str] = {}

    @property
    def whole_file(self) -> BinaryIO:
        """Return the file from its beginning."""
        if self.file is None:
            raise UserError(f"{self.name}: is a folder; this format is a file")
        self.file.seek(0)
        return self.file

    def is_known(self, task: str | int) -> bool:
        """Return whether the benchmark has a task.

        Args:
            task: its id as it is written.
        """
        return self.benchmark.canonical_id(task) in self.known

    def refuse_other_set(self, names: str, where: str) -> None:
        """Refuse samples of another set of problems, whose bare numbers would be taken for ids of this one.

        Args:
            names: what the file says of its set.
            where: place of the sample, with which the error begins.

        Raises:
            UserError: The names don't hold that of the benchmark, and the user didn't force the format.
        """
        family = self.benchmark.name.partition("-")[0]
        plain = "".join(filter(str.isalnum, names.lower()))
        if family and family.replace("_", "") not in plain and not self.is_forced:
            raise UserError(
                f"{where}: is of {names}, and its task is a bare number; check --benchmark, or give --format"
            )

    def remark(self, text: str, where: str) -> None:
        """Count a row of which the user shall know.

        Args:
            text: what it is about.
            where: place of the row; the first of a remark is shown.
        """
        self.remarks[text] += 1
        self.first_of_remark.setdefault(text, where)

    def rows(self, type_: type[T]) -> Iterator[tuple[str, T]]:
        """Read the rows of JSON Lines, or of a JSON list of objects.

        Args:
            type_: of each row.

        Yields:
            ("file:line", row), lines counted from 1; or the element's number, from 0.

        Raises:
            UserError: A line is not a row.
        """
        decoder = msgspec.json.Decoder(type_)
        for where, data, is_last in self._pieces():
            try:
                yield where, decoder.decode(data)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield where, decoded_row(data, type_, where, is_last=is_last)

    def _pieces(self) -> Iterator[tuple[str, bytes, bool]]:
        """Yield the rows' bytes with their places, and whether it is a line that lacks its end."""
        file = self.whole_file
        if self.head.is_list:
            path = Path(self.name)
            for where, _, start, length in spans(file, path):
                yield where, self.piece(start, length, where), False
            return
        number = 0
        while line := file.readline(MOST_ROW_BYTES + 1):
            number += 1
            if len(line) > MOST_ROW_BYTES:
                raise UserError(
                    f"{self.name}:{number}: is longer than {MOST_ROW_BYTES >> 20} MiB; this is not a sample"
                )
            if number == 1:
                line = line.removeprefix(BOM)
            if not line.isspace() and line:
                yield f"{self.name}:{number}", line, not line.endswith(b"\n")

    def piece(self, start: int, length: int, where: str) -> bytes:
        """Return a part of the file.

        Args:
            start: its first byte.
            length: its number of bytes.
            where: its place, with which an error begins.

        Raises:
            UserError: It is too long.
        """
        if length > MOST_ROW_BYTES:
            raise UserError(f"{where}: is longer than {MOST_ROW_BYTES >> 20} MiB; this is not a sample")
        if self.file is None:
            return b""
        place = self.file.tell()
        self.file.seek(start)
        data = self.file.read(length)
        self.file.seek(place)
        return data


def decoded_row(data: bytes, type_: type[T], where: str, *, is_last: bool = False) -> T:
    """Decode a row as Python writes it, which msgspec may refuse.

    Args:
        data: JSON, maybe with characters and numbers that are not in its standard.
        type_: of the row.
        where: its place, with which an error begins.
        is_last: whether it is a line without its end.

    Returns:
        The row.

    Raises:
        UserError: It is not JSON, cut off, or not of this type.
    """
    try:
        tree = parse_row(data, where)
    except UserError as error:
        if is_last and _is_cut(error.__cause__):
            raise UserError(
                f"{where}: the row is cut off, because the file was not written or fetched to its end; fetch it again, "
                "or remove this line"
            ) from error
        raise
    return converted(tree, type_, where)


def _is_cut(error: BaseException | None) -> bool:
    """Return whether JSON ended too early, rather than holding a mistake."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    rest = error.doc[error.pos :].strip()
    return not rest or error.msg.startswith("Unterminated") or any(word.startswith(rest) for word in _LITERALS)


def text_of(content: Any) -> str | None:
    """Return the text of a completion: itself, or of a message, of its parts, or of the last of several messages.

    Args:
        content: decoded JSON.

    Returns:
        None where there is no text.

    >>> text_of("a"), text_of({"role": "assistant", "content": [{"type": "text", "text": "a"}]}), text_of(None)
    ('a', 'a', None)
    """
    for _ in range(4):  # a list of messages of parts, at most
        match content:
            case str():
                return content
            case {"content": inner} | {"text": inner}:
                content = inner
            case [*_, {"role": _, "content": inner}]:
                content = inner
            case [_, *_] if all(isinstance(part, dict) for part in content):
                return "".join(part["text"] for part in content if isinstance(part.get("text"), str))
            case _:
                return None
    return None


class SampleFormat(NamedTuple):
    """Names a format: `recognises` decides by the beginning of a file, `samples` reads it."""

    name: str
    """For --format."""
    title: str
    recognises: Callable[[Head], bool]
    samples: Callable[[SampleSource], Iterator[GivenSample]]
