"""Keeps the folder of a training: its settings, its metrics and, in the end, its checkpoint.

The rows of the metrics outlive a kill, and equal those of a training that was never killed.
"""

from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import as_row, pretty_json, read, resume, sha256_of_file, write_whole
from harness.runs.run_folder import changes
from trainers.config import CHANGEABLE, TrainingOptions
from trainers.groups import GROUPS_FILE
from trainers.trainer import CHECKPOINT_FILE, Checkpoint

METRICS_FILE = "metrics.jsonl"


class StepScore(msgspec.Struct, frozen=True, kw_only=True):
    """Holds mean pass@k of the policy after a step, with a 95 % interval, in [0, 1]."""

    k: int
    value: float
    low: float
    high: float


class Metrics(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Holds the metrics of one step; the same in every run with the same seed, `tokens_per_s` apart."""

    step: int
    """Counted from 1."""
    epoch: float
    """Epochs done after this step."""
    loss: float
    accepted: float | None
    """Mean log-probability of the step's accepted completions, before the step; None where it has none."""
    rejected: float | None
    """The same of those not accepted."""
    margin: float | None
    """accepted - rejected."""
    gradient_norm: float
    """Before it was scaled down."""
    clipped: float
    """Share of the steps so far whose gradient was scaled down to --max-gradient-norm."""
    learning_rate: float
    groups: int
    """Seen so far."""
    tokens: int
    """Of this step, the prompt of a group counted once."""
    tokens_per_s: float
    scores: tuple[StepScore, ...] = ()
    """Of the examination after this step; empty where there was none."""


_OF_THE_POLICY = ("loss", "accepted", "rejected", "margin", "gradient_norm", "clipped")


def of_the_policy(row: Metrics) -> dict[str, float | None]:
    """Return the metrics of the policy, without those of the machine: the same in every run.

    Args:
        row: Metrics of one step.

    Returns:
        Name -> value; None where the step had no such members.
    """
    return {name: getattr(row, name) for name in _OF_THE_POLICY}


def progress_line(row: Metrics) -> str:
    """Return a step's metrics as one line for the terminal.

    Args:
        row: Metrics of one step.

    Returns:
        The line, without a newline.
    """
    margin = "" if row.margin is None else f", accepted {row.accepted:.1f}, rejected {row.rejected:.1f}"
    return f"loss {row.loss:.4g}{margin}, gradient {row.gradient_norm:.3g}, {row.tokens_per_s:.0f} tokens/s"


_MOST_CLIPPED = 0.5


def clipping_note(share: float) -> str:
    """Return what follows where most gradients were scaled down, nothing where few were.

    Args:
        share: Of the steps whose gradient was scaled down.

    Returns:
        A sentence, without a newline; empty where at most half of the steps were.
    """
    if share <= _MOST_CLIPPED:
        return ""
    return (
        f"the gradient was clipped in {100 * share:.0f} % of the steps: there its length, and with it the scale of the "
        "rewards, counts for nothing; for one that counts, use a larger --max-gradient-norm or --token-mean on"
    )


def cut_after(path: Path, file: BinaryIO, step: int) -> None:
    """Cut the rows of steps after this one off a file that is open for appending, and a row that is half written.

    Args:
        path: The file of metrics.
        file: The same file, open for appending.
        step: The last one to keep, counted from 1.
    """
    file.truncate(sum(len(as_row(row)) for row in resume(path, Metrics) if row.step <= step))


def add_scores(path: Path, scores: tuple[StepScore, ...]) -> None:
    """Add the scores of an examination to the row of the last step, by one write.

    Args:
        path: The file of metrics, which has a row.
        scores: Of the policy after that step.
    """
    *_, last = resume(path, Metrics)
    with path.open("rb+") as file:
        file.seek(-len(as_row(last)), SEEK_END)
        file.write(as_row(msgspec.structs.replace(last, scores=scores)))


RECORD_FILE = "training.json"


class TrainingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Records all that decides the weights: trainings with equal records are the same, `CHANGEABLE` options apart."""

    method: str
    base: str
    base_weights: str
    """SHA-256 of a local folder's files, or commit of a hub's repository."""
    groups_sha256: str
    options: TrainingOptions


def groups_sha256(path: Path) -> str:
    """Return the SHA-256 of groups.

    Args:
        path: The Parquet file, or the folder that holds it.

    Returns:
        64 hexadecimal digits.
    """
    return sha256_of_file(path / GROUPS_FILE if path.is_dir() else path)


def refuse_another(out: Path, record: TrainingRecord) -> None:
    """Refuse a folder for a training that holds another one.

    Args:
        out: Folder of the checkpoint; it may not exist yet.
        record: The record of the training that is to go there.

    Raises:
        UserError: `out` is a file, or holds something else or a training with another record.
    """
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is a file; --out names the folder of a checkpoint")
    if (out / RECORD_FILE).exists():
        earlier = read(out / RECORD_FILE, TrainingRecord)
        for field, was, is_ in changes(earlier, record):
            if (name := field.removeprefix("options.")) not in CHANGEABLE:
                raise UserError(
                    f"{out / RECORD_FILE}: this is another training, its {name} was {was} and is now {is_}; "
                    "choose another --out"
                )
    elif out.exists() and any(path.suffix != ".tmp" for path in out.iterdir()):
        raise UserError(f"{out}: holds files, but no {RECORD_FILE}; choose an empty or new folder for --out")


def open_training(out: Path, record: TrainingRecord) -> None:
    """Write the record, which starts a training, or changes what may be changed in one.

    Args:
        out: Folder of the checkpoint; made where it doesn't exist.
        record: One that `refuse_another` lets pass.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / RECORD_FILE, pretty_json(record))


def finished(out: Path) -> Checkpoint | None:
    """Return the final checkpoint of a training.

    Args:
        out: Folder of the checkpoint; it may not exist yet.

    Returns:
        Its record; None where training has not come to its end.
    """
    return read(out / CHECKPOINT_FILE, Checkpoint) if (out / CHECKPOINT_FILE).exists() else None
