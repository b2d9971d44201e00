"""Opens the folder of a run: records, samples, evaluations, results and a report."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import pretty_json, read, sha256_of_file, write_whole
from harness.runs.records import SCHEMA, Generation, Run
from harness.runs.row_store import SampleCopy
from harness.runs.run_names import absent_run

GENERATION, RUN, SAMPLES = "generation.json", "run.json", "samples.jsonl"
EVALUATIONS, RESULTS, REPORT = "evaluations.jsonl", "result.json", "report.md"


def open_generation(out: Path, generation: Generation) -> None:
    """Start to generate into the folder `out`, or go on with it if the same is requested of the same model.

    Args:
        out: the folder.
        generation: the record of what is requested.

    Raises:
        UserError: `out` is a file, holds something else, or samples that were requested otherwise.
    """
    _record(out, GENERATION, generation, beside=())


def open_run(out: Path, run: Run, samples: SampleCopy | None = None) -> None:
    """Start the run in the folder `out`, or go on with it if it is the same one.

    Samples that were generated into this folder are judged where they are.

    Args:
        out: the folder.
        run: the record of the run.
        samples: that the folder takes over; None where they are, or will be, generated into it.

    Raises:
        UserError: `out` is a file, holds something else, or a run of something else.
    """
    generated_here = (out / GENERATION).exists()
    if generated_here and run.samples_sha256 and not _holds(out / SAMPLES, run.samples_sha256):
        raise UserError(f"{out}: holds other samples than those that are to be judged; choose another --out")
    _record(out, RUN, run, beside=(GENERATION, SAMPLES) if generated_here else ())
    if run.samples_sha256 and not read_run(out).samples_sha256:
        write_whole(out / RUN, pretty_json(run))  # all samples are generated now
    if samples is not None:
        samples.hand_over(out / SAMPLES)


class _Versioned(msgspec.Struct):
    schema: int = 0


def read_run(folder: Path) -> Run:
    """Read the record of a run.

    Args:
        folder: of the run.

    Returns:
        The record in its run.json.

    Raises:
        UserError: There is none, or it was written under another schema.
    """
    path = folder / RUN
    if not folder.is_dir():
        raise absent_run(folder)
    if not path.exists():
        raise UserError(f"{folder}: holds no {RUN}; name the folder that `proctor score --out` wrote")
    refuse_other_schema(path, read(path, _Versioned).schema)
    return read(path, Run)


def refuse_other_schema(path: Path, schema: int) -> None:
    """Refuse a file that another version of proctor wrote.

    Args:
        path: of a run.json or result.json.
        schema: that it has.

    Raises:
        UserError: It is not ours.
    """
    if schema != SCHEMA:
        raise UserError(
            f"{path}: has schema {schema}, this proctor reads {SCHEMA}; judge its samples again: "
            f"proctor score {path.parent / SAMPLES} --benchmark NAME --out NEW"
        )


def _holds(path: Path, sha256: str) -> bool:
    return path.exists() and sha256_of_file(path) == sha256


def _record(out: Path, name: str, later: Generation | Run, beside: Collection[str]) -> None:
    """Write a record into the folder, where some other files may be; refuse one that differs from an earlier one."""
    path = out / name
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is a file; --out names the folder of a run")
    if path.exists():
        _refuse_another(path, read_run(out) if isinstance(later, Run) else read(path, Generation), later)
    elif out.exists() and any(file.name not in beside and file.suffix != ".tmp" for file in out.iterdir()):
        raise UserError(f"{out}: holds files, but no {name}; choose an empty or new folder for --out")
    else:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(path, pretty_json(later))


class FieldChange(NamedTuple):
    """Names a field that differs between two records."""

    field: str
    was: Any
    is_: Any


def _refuse_another(path: Path, earlier: Generation | Run, later: Generation | Run) -> None:
    for field, was, is_ in changes(earlier, later):
        if field in {"source", "problems_sha256"} or (field == "samples_sha256" and "" in {was, is_}):
            continue  # the problems that make the hash another come later
        difference = _of_a_task(was, is_) if field in {"problems", "prompts"} else _of_a_value(was, is_)
        raise UserError(f"{path}: this is another run, its {field} {difference}; choose another --out")


def changes(earlier: msgspec.Struct, later: msgspec.Struct) -> Iterator[FieldChange]:
    """Compare two records, and the records in them.

    Args:
        earlier: a record.
        later: another of its type.

    Yields:
        Fields that differ, by name: of a record within `its.field`, or for conditions the field alone.
    """
    for field in later.__struct_fields__:
        was, is_ = getattr(earlier, field), getattr(later, field)
        if was == is_:
            continue
        if field != "source" and isinstance(is_, msgspec.Struct) and type(was) is type(is_):
            prefix = "" if field == "conditions" else f"{field}."
            yield from (within._replace(field=f"{prefix}{within.field}") for within in changes(was, is_))
        else:
            yield FieldChange(field, was, is_)


def _of_a_task(was: Mapping[str, str], is_: Mapping[str, str]) -> str:
    task_id = next(task_id for task_id in (*was, *is_) if was.get(task_id) != is_.get(task_id))
    return f"differ, such as task {task_id}"


def _of_a_value(was: Any, is_: Any) -> str:
    return f"was {_plain(was)} and is now {_plain(is_)}"


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode()
