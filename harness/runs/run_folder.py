"""A run is a folder: what was asked, samples, evaluations, results and a report (DESIGN.md, section 5)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import read, sha256_of_file, write_whole
from harness.runs.records import Generation, Result, Run, Sample
from harness.runs.row_store import copy_samples
from harness.scoring.report import report_markdown

GENERATION, RUN, SAMPLES, EVALUATIONS = "generation.json", "run.json", "samples.jsonl", "evaluations.jsonl"


def open_generation(out: Path, generation: Generation) -> None:
    """Start to draw into the folder `out`, or go on with it if the same is asked of the same model.

    Raises:
        UserError: `out` is a file, holds something else, or samples that were asked for otherwise.
    """
    _ask(out, GENERATION, generation, beside=())


def open_run(out: Path, run: Run, samples: Callable[[], Iterable[Sample]]) -> None:
    """Start the run in the folder `out`, or go on with it if it is the same one.

    Samples that are drawn into this folder are judged where they are.

    Raises:
        UserError: `out` is a file, holds something else, or a run that was asked for something else.
    """
    drawn_here = (out / GENERATION).exists()
    if drawn_here and run.samples_sha256 and not _holds(out / SAMPLES, run.samples_sha256):
        raise UserError(f"{out}: holds other samples than those that are to be judged; choose another --out")
    _ask(out, RUN, run, beside=(GENERATION, SAMPLES) if drawn_here else ())
    if run.samples_sha256 and not read(out / RUN, Run).samples_sha256:
        write_whole(out / RUN, _pretty(run))  # all samples are drawn now
    if run.samples_sha256 and not (out / SAMPLES).exists():
        copy_samples(out / SAMPLES, samples(), run.samples_sha256)


def close_run(out: Path, results: Sequence[Result]) -> None:
    """Write what came of it: `result.json` (a JSON array, one result a policy) and `report.md`."""
    write_whole(out / "result.json", _pretty(results))
    write_whole(out / "report.md", report_markdown(results).encode())


def _holds(path: Path, sha256: str) -> bool:
    return path.exists() and sha256_of_file(path) == sha256


def _ask(out: Path, name: str, asked: Generation | Run, beside: Collection[str]) -> None:
    """Write what is asked into the folder, where it may stand beside other files; refuse what differs from before."""
    path = out / name
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is a file; --out names the folder of a run")
    if path.exists():
        _refuse_another(path, read(path, type(asked)), asked)
    elif out.exists() and any(file.name not in beside and file.suffix != ".tmp" for file in out.iterdir()):
        raise UserError(f"{out}: holds files, but no {name}; choose an empty or new folder for --out")
    else:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(path, _pretty(asked))


class _Difference(NamedTuple):
    field: str
    was: Any
    is_: Any


def _refuse_another(path: Path, earlier: Generation | Run, asked: Generation | Run) -> None:
    for field, was, is_ in _differences(earlier, asked):
        if field == "source" or (field == "samples_sha256" and "" in {was, is_}):
            continue
        difference = _of_a_task(was, is_) if field in {"problems", "prompts"} else _of_a_value(was, is_)
        raise UserError(f"{path}: this is another run, its {field} {difference}; choose another --out")


def _differences(earlier: msgspec.Struct, asked: msgspec.Struct) -> Iterator[_Difference]:
    """Yield the fields that differ; of a record within, `its.field`."""
    for field in asked.__struct_fields__:
        was, is_ = getattr(earlier, field), getattr(asked, field)
        if was == is_:
            continue
        if field != "source" and isinstance(is_, msgspec.Struct) and type(was) is type(is_):
            yield from (within._replace(field=f"{field}.{within.field}") for within in _differences(was, is_))
        else:
            yield _Difference(field, was, is_)


def _of_a_task(was: Mapping[str, str], is_: Mapping[str, str]) -> str:
    task_id = next(task_id for task_id in (*was, *is_) if was.get(task_id) != is_.get(task_id))
    return f"are others, task {task_id} for one"


def _of_a_value(was: Any, is_: Any) -> str:
    return f"was {_plain(was)} and is now {_plain(is_)}"


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
