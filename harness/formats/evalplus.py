"""Reads files of evalplus and BigCodeBench: folders and archives of programs, and eval_results.json."""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from harness.errors import UserError
from harness.formats.archives import tar_files
from harness.formats.given import MOST_ROW_BYTES, GivenSample, SampleFormat, SampleSource
from harness.formats.head import Head
from harness.runs.json_objects import children
from harness.runs.python_json import parse_row

FOLDER, ARCHIVE, RESULTS = "evalplus-folder", "evalplus-archive", "eval-results"
FOLDER_TITLE = "a folder of programs as evalplus takes them"
ARCHIVE_TITLE = "a tar archive of programs as evalplus takes them"
RESULTS_TITLE = "eval_results.json of evalplus or BigCodeBench"
OLDER_TITLE = "eval_results.json of an older evalplus, which holds verdicts but no programs"
VERSIONS = {
    "HumanEval+": {
        "fe585eb4df8c88d844eeb463ea4d0302": "v0.1.10",
        "84f4b93a1270b492e4c54d5212da7a5b": "v0.1.9",
        "401e75ad986361dccc7afecb4121e295": "v0.1.10 mini",
        "03c016fe9c023eac1a6490f473958628": "v0.1.10 OriginFmt",
    },
    "MBPP+": {
        "ebe95df0d5220f00cedd6f4bddea35e4": "v0.1.0",
        "ee43ecabebf20deef4bb776a405ac5b1": "v0.2.0",
        "ecca953ca5196893c1bdf3ea16e8ef13": "v0.2.0 OriginFmt",
    },
}
"""Title of a set -> MD5 of its problems, unpacked, which is the `hash` of results -> version."""
_TASK = re.compile(r"(.+)_(\d+)")
_PROGRAM = re.compile(r"(\d+)\.py")


def _recognises_folder(head: Head) -> bool:
    """Return whether a folder holds programs such as HumanEval_0/0.py, itself or in the folders of models."""
    return any(_placed(name) for name in head.names)


def _recognises_archive(head: Head) -> bool:
    """Return whether a file is a tar archive."""
    return head.data[257:262] == b"ustar"


def _recognises_results(head: Head) -> bool:
    """Return whether a file has results with programs."""
    return "eval" in head.row and head.row.keys() <= {"date", "hash", "eval", "pass_at_k"} and not is_older(head)


def is_older(head: Head) -> bool:
    """Return whether a file has results of an older evalplus, without programs.

    Args:
        head: beginning of the file.
    """
    return b'"nfiles"' in head.data[:4096] and "eval" in head.row


def _folder_samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the programs of a folder, in the order of their paths."""
    for path in _files(source.path, 3):
        relative = path.relative_to(source.path)
        if placed := _placed(str(relative)):
            policy, task, index = placed
            with path.open("rb") as file:
                data = file.read(MOST_ROW_BYTES)
            yield _sample(str(path), policy or _own_name(source.path), task, index, data)


def _archive_samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the programs of an archive."""
    for name, data in tar_files(source.whole_file, source.name, wanted=lambda name: _placed(name) is not None):
        if placed := _placed(name):
            policy, task, index = placed
            yield _sample(f"{source.name}: {name}", policy or source.stem, task, index, data)


def _results_samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the programs of results with the verdicts that the other tool recorded."""
    with_plus = "plus" in source.benchmark.name
    for task, (where, _, start, length) in children(source.whole_file, Path(source.name), "eval"):
        results: Any = parse_row(source.piece(start, length, where), where)
        if not isinstance(results, list):
            raise UserError(f"{where}: is of {OLDER_TITLE}; give the samples that were judged")
        for number, result in enumerate(results):
            if not isinstance(result, dict):
                raise UserError(f"{where}, result {number}: is not an object")
            yield GivenSample(
                where=f"{where}, result {number}",
                task=task,
                completion=result.get("solution"),
                passed=passed_of(result, with_plus=with_plus),
            )


def passed_of(result: dict[str, Any], *, with_plus: bool) -> bool | None:
    """Return the recorded verdict of one program.

    Args:
        result: of evalplus or BigCodeBench.
        with_plus: whether the further inputs count, too.

    Returns:
        None where there is no verdict.
    """
    keys = ("base_status", "plus_status") if with_plus else ("base_status",)
    statuses = [result[key] for key in keys if result.get(key)] or [result.get("status")]
    return all(status == "pass" for status in statuses) if statuses != [None] else None


def recorded_version(head: Head) -> str:
    """Return the name of the problems by whose hash a file names them, "" where it names none.

    Args:
        head: beginning of the file.
    """
    given = str(head.row.get("hash") or "")
    known = {md5[:8]: f"{title} {name}" for title, versions in VERSIONS.items() for md5, name in versions.items()}
    return known.get(given[:8], "")


def _placed(name: str) -> tuple[str, tuple[str, ...], int] | None:
    """Return the policy, the task's likely ids and the index that a path such as Model/HumanEval_0/1.py names."""
    *above, folder, file = ("", "", *PurePosixPath(name).parts)
    task, program = _TASK.fullmatch(folder), _PROGRAM.fullmatch(file)
    if not task or not program or len(program[1]) > 9:
        return None
    return above[-1], (f"{task[1]}/{task[2]}", folder), int(program[1])


def _sample(where: str, policy: str, task: tuple[str, ...], index: int, data: bytes) -> GivenSample:
    program = data.decode("utf-8", "surrogateescape")
    return GivenSample(where=where, task=task, completion=program, policy=policy, index=index)


def _files(folder: Path, depth: int) -> Iterator[Path]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: (len(entry.name), entry.name))
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        elif depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), depth - 1)


def _own_name(folder: Path) -> str:
    return folder.resolve().name


FORMATS = (
    SampleFormat(ARCHIVE, ARCHIVE_TITLE, _recognises_archive, _archive_samples),
    SampleFormat(FOLDER, FOLDER_TITLE, _recognises_folder, _folder_samples),
    SampleFormat(RESULTS, RESULTS_TITLE, _recognises_results, _results_samples),
)
