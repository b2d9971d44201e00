"""Reads samples of any format in one pass, and names the format."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from harness.errors import UserError
from harness.formats import (
    evalplus,
    foreign,
    generations,
    inspect_logs,
    lm_eval,
    openai_batch,
    program_lists,
    rows,
)
from harness.formats.given import SampleFormat, SampleNames, SampleSource
from harness.formats.head import Head
from harness.formats.named import NamedSamples
from harness.formats.opening import Opened, opened
from harness.formats.recorded import recorded_beside, recorded_in
from harness.runs.records import Problem, Sample, SampleKey
from harness.runs.row_store import DoubleSampleError, Place, SampleCopy, SampleIndex

SAMPLES = "samples.jsonl"
_EMPTY = "{}: holds no samples; nothing to judge"


FORMATS = (
    *evalplus.FORMATS,
    *inspect_logs.FORMATS,
    *generations.FORMATS,
    *lm_eval.FORMATS,
    *openai_batch.FORMATS,
    *program_lists.FORMATS,
    *rows.FORMATS,
)
"""In the order in which they are tried."""
FORMAT_NAMES = tuple(form.name for form in FORMATS)


class Reading(msgspec.Struct, kw_only=True, frozen=True):
    """Holds the samples of a file, and remarks on them for the user."""

    samples: SampleCopy
    remarks: tuple[str, ...]
    """A line each; the first says as what the file was read."""
    recorded: Mapping[SampleKey, Place]
    """The verdicts of another tool, of the samples that have one: line 1 is right, 0 is wrong."""
    version: str = ""
    """Of the problems that the other tool used, where the file says so."""


class ReadingSettings(msgspec.Struct, kw_only=True, frozen=True):
    """Holds the settings for reading samples."""

    format_name: str = ""
    """One of `FORMAT_NAMES`; "" to recognise it."""
    offset: int = 0
    """Position of the first problem that a list without task ids answers."""
    recorded: Path | None = None
    """Results of evalplus on these samples, to compare verdicts with."""


_USUAL = ReadingSettings()


def read_samples(
    path: Path,
    benchmark: SampleNames,
    problems: Mapping[str, Problem],
    beside: Path,
    settings: ReadingSettings = _USUAL,
) -> Reading:
    """Copy the samples of a file or folder in one pass.

    The policy is what the samples name, or else the file's name; the index is the samples' own, or else a running
    count.

    Args:
        path: of the file, plain or packed with gzip, of the folder of a run or of programs, or `-` for standard input.
        benchmark: that the samples answer.
        problems: its problems by task id; they are decoded for lists without task ids only.
        beside: the folder of the run to come, see `SampleCopy`.
        settings: of the reading.

    Returns:
        The samples, counted and indexed, and the remarks.

    Raises:
        UserError: The file is not of a known format, or a sample has an unknown task or is there twice.
    """
    if path.is_dir() and (path / SAMPLES).exists():
        path /= SAMPLES
    with opened(path) as found:
        form = _chosen(found, settings.format_name)
        source = SampleSource(
            name=found.name, stem=found.stem, head=found.head, file=found.file, path=path, benchmark=benchmark,
            problems=problems, known=dict.fromkeys(problems), offset=settings.offset,
            is_forced=bool(settings.format_name),
        )  # fmt: skip
        named = NamedSamples(source, form.samples, form.title)
        try:
            copy = SampleCopy(named, beside)
        except DoubleSampleError as error:
            raise named.occurs_twice(error.sample) from None
        version = _note_results(source, named, form, copy, settings) or evalplus.recorded_version(found.head)
    if not copy:
        raise UserError("; ".join((_EMPTY.format(found.name), *_remarks(source))))
    return Reading(
        samples=copy,
        remarks=(f"{found.name}: read as {form.title} (--format {form.name})", *_remarks(source)),
        recorded=named.recorded,
        version=version,
    )


def read_recorded(path: Path) -> Iterator[Sample]:
    """Read samples without the benchmark that they answer: task ids are taken as they are.

    Args:
        path: of the file, plain or packed with gzip.

    Yields:
        The samples, in their order.

    Raises:
        UserError: The file names no tasks, or a sample is there twice.
    """
    with opened(path) as found:
        form = _chosen(found, "")
        if form.name == generations.NAME:
            raise UserError(f"{path}: is a list of generations, without task ids; use JSON Lines with a task_id each")
        source = SampleSource(
            name=found.name, stem=found.stem, head=found.head, file=found.file, path=path, benchmark=_Nameless(),
            problems={}, known=_Every(),
        )  # fmt: skip
        named, seen = NamedSamples(source, form.samples, form.title), SampleIndex()
        for sample in named:
            if not seen.add(sample.key):
                raise named.occurs_twice(sample)
            yield sample
    if not seen:
        raise UserError(_EMPTY.format(path))


class _Nameless:
    """Stands for the benchmark of samples that are not judged."""

    name, default_split, canonical_id = "", "test", staticmethod(str)


class _Every(dict[str, None]):
    """Holds every task id."""

    def __contains__(self, _: object) -> bool:
        return True


def _chosen(found: Opened, name: str) -> SampleFormat:
    """Return the format of a file, or the one that the user names."""
    if name:
        return next(form for form in FORMATS if form.name == name)
    if form := next((form for form in FORMATS if form.recognises(found.head)), None):
        return form
    if found.file is None:
        raise UserError(f"{found.name}: {_not_a_folder(found.head)}")
    if what := foreign.description(found.head, found.name):
        raise UserError(f"{found.name}: {what}")
    return next(form for form in FORMATS if form.name == rows.NAME)


def _note_results(
    source: SampleSource, named: NamedSamples, form: SampleFormat, copy: SampleCopy, settings: ReadingSettings
) -> str:
    """Note the verdicts of results beside the samples, and return the version of the problems that they name."""
    found = recorded_beside(source, form.name)
    if settings.recorded:
        found = recorded_in(settings.recorded, source.benchmark.name)
    policies = {policy for policy, _ in copy.tally.counts}
    for policy, task, index, passed in found.verdicts:
        for one in {policy} if policy else policies:
            key = one, source.benchmark.canonical_id(task), index
            if key in copy:
                named.recorded.add(key, Place(int(passed), 0))
    return found.version


def _not_a_folder(head: Head) -> str:
    logs = [name for name in head.names if Path(name).name.startswith("samples_")]
    if logs:
        return f"is a folder with samples of lm-evaluation-harness; give one of its files, such as {logs[0]}"
    return (
        f"is neither the folder of a run, which has a {SAMPLES}, nor a folder of programs as evalplus takes them, such "
        "as HumanEval_0/0.py"
    )


def _remarks(source: SampleSource) -> list[str]:
    return [f"{count} {text}, the first at {source.first_of_remark[text]}" for text, count in source.remarks.items()]
