"""What is known of each step, and its file: rows that outlive a kill, and equal those of a training never killed."""

from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.storage import as_row, resume

METRICS_FILE = "metrics.jsonl"


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """One step; the same in every run with the same seed, `tokens_per_s` apart."""

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
    learning_rate: float
    groups: int
    """Seen so far."""
    tokens: int
    """Of this step, the prompt of a group counted once."""
    tokens_per_s: float


def of_the_policy(row: Metrics) -> dict[str, float | None]:
    """Return what a row says of the policy, by name, and not of the machine: the same in every run."""
    return {name: getattr(row, name) for name in ("loss", "accepted", "rejected", "margin", "gradient_norm")}


def in_words(row: Metrics) -> str:
    """Return what a reader at the terminal wants to know of a step."""
    margin = "" if row.margin is None else f", accepted {row.accepted:.1f}, rejected {row.rejected:.1f}"
    return f"loss {row.loss:.4g}{margin}, gradient {row.gradient_norm:.3g}, {row.tokens_per_s:.0f} tokens/s"


def cut_after(path: Path, file: BinaryIO, step: int) -> None:
    """Cut the rows of steps after this one off a file that is open for appending, and a row that is half written."""
    file.truncate(sum(len(as_row(row)) for row in resume(path, Metrics) if row.step <= step))
