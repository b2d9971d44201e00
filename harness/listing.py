"""Lists the runs below a folder, with their subjects, states and scores."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from harness.errors import UserError
from harness.runs.conditions import footnote, protocol_texts
from harness.runs.jsonl import read
from harness.runs.records import Conditions, Generation, Score
from harness.runs.run_folder import EVALUATIONS, GENERATION, RESULTS, RUN, SAMPLES, read_run, refuse_other_schema
from harness.runs.run_names import RUNS, run_path
from harness.scoring.score import ALL
from sandbox.records import Verdict

State = Literal["finished", "judging", "judging stopped", "generating", "generating stopped", "generated", "unreadable"]


class ListedRun(msgspec.Struct, frozen=True, kw_only=True):
    """Describes one policy of a run, or a run that has no results yet."""

    name: str
    """As every command takes it."""
    policy: str = ""
    """Empty where it is not known yet, or there may be several."""
    benchmark: str = ""
    protocol: str = ""
    """Number of its conditions in the list: runs with the same one may be compared. Empty while it is not known."""
    date: str
    """Of the last change, UTC, such as 2026-11-30T18:20."""
    state: State
    done: int | None = None
    """Samples so far, of those being generated or judged."""
    total: int | None = None
    scores: dict[str, float] = {}
    """pass@k over all problems, in [0, 1], by k."""
    lost: int = 0
    """Samples that were lost to sandbox errors."""
    trouble: str = ""
    """The reason why the run can't be read."""


class RunList(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the runs below a folder, the latest first, and their conditions by number."""

    runs: tuple[ListedRun, ...]
    protocols: dict[str, str]


class _Head(msgspec.Struct, frozen=True):
    """Reads the part of a result that a list shows; its tallies may be many."""

    schema: int
    policy: str
    conditions: Conditions
    verdict_counts: dict[Verdict, int]
    scores: tuple[Score, ...]


class _Schema(msgspec.Struct, frozen=True):
    schema: int


_Found = tuple[ListedRun, Conditions | None]


def list_runs(folder: Path) -> RunList:
    """Return the runs in a folder, at any depth.

    Args:
        folder: Of runs, or a run itself.

    Returns:
        A row for each policy of a run that is finished, or for a run that is not.

    Raises:
        UserError: There is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; name one that holds runs")
    locked = _locked_files()
    found = [one for path in _run_folders(folder) for one in _described(path, locked)]
    found.sort(key=lambda one: one[0].name)
    found.sort(key=lambda one: one[0].date, reverse=True)
    numbers: dict[tuple[str, ...], str] = {}
    protocols: dict[str, str] = {}
    runs = []
    for run, conditions in found:
        number = ""
        if conditions:
            number = numbers.setdefault(tuple(protocol_texts(conditions).values()), str(len(numbers) + 1))
            protocols.setdefault(number, f"{conditions.benchmark}, n = {conditions.samples}; {footnote(conditions)}")
        runs.append(msgspec.structs.replace(run, protocol=number))
    return RunList(runs=tuple(runs), protocols=protocols)


def _run_folders(folder: Path) -> Iterator[Path]:
    """Yield the folders that hold a record of a run; what is below one is not looked at."""
    for place, below, files in os.walk(folder):
        if any((Path(place) / name).is_file() for name in {GENERATION, RUN, RESULTS} & set(files)):
            below.clear()
            yield Path(place)
        below[:] = sorted(name for name in below if not name.startswith("."))


def _described(path: Path, locked: frozenset[int]) -> Iterator[_Found]:
    base = ListedRun(name=_name(path), date=_date(path), state="unreadable")
    try:
        if (path / RESULTS).is_file():
            yield from _finished(path, base)
        elif (path / RUN).is_file():
            yield _judging(path, base, locked)
        else:
            yield _generating(path, base, locked)
    except UserError as error:
        yield msgspec.structs.replace(base, trouble=str(error)), None


def _finished(path: Path, base: ListedRun) -> Iterator[_Found]:
    for one in read(path / RESULTS, tuple[_Schema, ...]):
        refuse_other_schema(path / RESULTS, one.schema)
    for head in read(path / RESULTS, tuple[_Head, ...]):
        scores = {f"{score.k}": score.value for score in head.scores if score.difficulty == score.kind == ALL}
        yield msgspec.structs.replace(
            base, policy=head.policy, benchmark=head.conditions.benchmark, state="finished", scores=scores,
            lost=head.verdict_counts.get(Verdict.SANDBOX_ERROR, 0),
        ), head.conditions  # fmt: skip


def _judging(path: Path, base: ListedRun, locked: frozenset[int]) -> _Found:
    run = read_run(path)
    is_locked = bool(locked & {_inode(path / name) for name in (EVALUATIONS, SAMPLES)})
    generation = _generation_of(path)
    return msgspec.structs.replace(
        base, policy=generation.policy if generation else "", benchmark=run.conditions.benchmark,
        state="judging" if is_locked else "judging stopped",
        done=_rows(path / EVALUATIONS), total=_requested(generation) if generation else _rows(path / SAMPLES),
    ), run.conditions  # fmt: skip


def _generating(path: Path, base: ListedRun, locked: frozenset[int]) -> _Found:
    generation = read(path / GENERATION, Generation)
    done, total = _rows(path / SAMPLES), _requested(generation)
    stopped: State = "generated" if done >= total else "generating stopped"
    return msgspec.structs.replace(
        base, policy=generation.policy, benchmark=generation.benchmark, done=done, total=total,
        state="generating" if _inode(path / SAMPLES) in locked else stopped,
    ), None  # fmt: skip


def _generation_of(path: Path) -> Generation | None:
    return read(path / GENERATION, Generation) if (path / GENERATION).is_file() else None


def _requested(generation: Generation) -> int:
    return len(generation.prompts) * generation.sampling.n


def _name(path: Path) -> str:
    """Return the shortest text that leads every command to the run."""
    short = path.relative_to(RUNS) if path.is_relative_to(RUNS) and path != RUNS else path
    return str(short if run_path(short) == path else path)


def _date(path: Path) -> str:
    files = (path / name for name in (GENERATION, RUN, SAMPLES, EVALUATIONS, RESULTS))
    latest_s = max(file.stat().st_mtime for file in files if file.exists())
    return datetime.fromtimestamp(latest_s, UTC).strftime("%Y-%m-%dT%H:%M")


def _rows(path: Path) -> int:
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def _inode(path: Path) -> int:
    return path.stat().st_ino if path.exists() else 0


def _locked_files() -> frozenset[int]:
    """Return the inodes of the files that some process has locked: those of runs, see `harness.runs.jsonl.sole_writer`.

    To try the lock itself could stop a command that starts at this moment.
    """
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return frozenset()
    return frozenset(int(line.split()[-3].rpartition(":")[2]) for line in lines if " FLOCK " in line)


LIST_HEADS = ("model", "benchmark", "protocol", "date (UTC)", "state", "score")
"""Of the columns behind the name."""


def list_cells(run: ListedRun) -> tuple[str, ...]:
    """Return the texts of a run's row, behind its name.

    Args:
        run: From a list.

    Returns:
        One for each of `LIST_HEADS`, not escaped.
    """
    return (run.policy, run.benchmark, run.protocol, run.date.replace("T", " "), _state(run), _scores(run.scores))


def list_notes(found: RunList) -> Iterable[str]:
    """Yield what is to be said below the rows.

    Args:
        found: The list.

    Yields:
        A line for each protocol, and for each run that can't be read.
    """
    for number, text in found.protocols.items():
        yield f"Protocol {number}: {text}"
    for run in found.runs:
        if run.trouble:
            yield f"Unreadable: {run.trouble}"


def _state(run: ListedRun) -> str:
    lost = f", {run.lost} lost to the sandbox" if run.lost else ""
    progress = "" if run.total is None else f", {run.done} of {run.total}"
    return f"{run.state}{progress}{lost}"


def _scores(scores: Mapping[str, float]) -> str:
    return ", ".join(f"pass@{k} {100 * value:.2f}" for k, value in scores.items())
