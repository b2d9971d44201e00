"""Reads the verdicts that evalplus recorded, in eval_results.json of either form, for samples that lack them."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from harness.errors import UserError
from harness.formats import evalplus
from harness.formats.archives import tar_files
from harness.formats.given import MOST_ROW_BYTES, SampleSource
from harness.formats.head import head_of
from harness.formats.opening import opened
from harness.runs.json_objects import children
from harness.runs.python_json import parse_row

RESULTS = "eval_results.json"


class RecordedVerdict(NamedTuple):
    """Holds the verdict on one program; the model is "" if the results name none."""

    policy: str
    task: str
    number: int
    passed: bool


class RecordedResults(NamedTuple):
    """Holds results, and the version of the problems that their hash names, "" for an unknown one."""

    verdicts: Iterator[RecordedVerdict]
    version: str


def recorded_in(path: Path, benchmark: str) -> RecordedResults:
    """Read results that are a file of their own.

    Args:
        path: of the file, plain or packed with gzip.
        benchmark: its name tells whether the further inputs count.

    Returns:
        The verdicts by task and position.

    Raises:
        UserError: The file is none of evalplus.
    """
    with opened(path) as found:
        if found.file is None or "eval" not in found.head.row:
            raise UserError(f"{path}: is no {evalplus.RESULTS_TITLE}")
        verdicts = list(_verdicts(found.file, found.name, "", with_plus="plus" in benchmark))
        return RecordedResults(iter(verdicts), evalplus.recorded_version(found.head))


def recorded_beside(source: SampleSource, form: str) -> RecordedResults:
    """Read the results that a folder or an archive of programs holds.

    Args:
        source: the folder or archive.
        form: name of its format.

    Returns:
        The verdicts by model, task and position; none where the source is of another format.
    """
    found = {evalplus.FOLDER: _in_folder, evalplus.ARCHIVE: _in_archive}.get(form)
    files = list(found(source)) if found else []
    with_plus = "plus" in source.benchmark.name
    versions = {evalplus.recorded_version(head_of(file)) for _, file in files}
    verdicts = (
        verdict for policy, file in files for verdict in _verdicts(file, source.name, policy, with_plus=with_plus)
    )
    return RecordedResults(verdicts, versions.pop() if len(versions) == 1 else "")


def _in_folder(source: SampleSource) -> Iterator[tuple[str, BinaryIO]]:
    for name in source.head.names:
        path = source.path / name
        if path.name == RESULTS and path.is_file() and path.stat().st_size <= MOST_ROW_BYTES:
            yield path.resolve().parent.name, io.BytesIO(path.read_bytes())


def _in_archive(source: SampleSource) -> Iterator[tuple[str, BinaryIO]]:
    for name, content in tar_files(source.whole_file, source.name, lambda name: Path(name).name == RESULTS):
        yield Path(name).parent.name or source.stem, io.BytesIO(content)


def _verdicts(file: BinaryIO, name: str, policy: str, *, with_plus: bool) -> Iterator[RecordedVerdict]:
    for task, (where, _, start, length) in children(file, Path(name), "eval"):
        place = file.tell()
        file.seek(start)
        results: Any = parse_row(file.read(length), where)
        file.seek(place)
        passed = results if isinstance(results, list) else _of_older(results, with_plus=with_plus)
        for index, result in enumerate(passed):
            verdict = evalplus.passed_of(result, with_plus=with_plus) if isinstance(result, dict) else result
            if isinstance(verdict, bool):
                yield RecordedVerdict(policy, task, index, verdict)


def _of_older(results: dict[str, Any], *, with_plus: bool) -> list[Any]:
    """Return the verdicts of the older form: {"nfiles": 1, "base": [["success", [...]]], "plus": [...]}."""
    lists = [results.get(key) for key in (("base", "plus") if with_plus else ("base",))]
    columns = [column for column in lists if isinstance(column, list)]
    return [
        all(isinstance(entry, list) and entry[:1] == ["success"] for entry in entries)
        for entries in zip(*columns, strict=False)
    ]
