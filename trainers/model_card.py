"""Writes README.md of a checkpoint: its origin, data and options, with metadata for the hub on top."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path

import msgspec

from harness.escapes import in_markdown
from trainers.compile.data_card import Card
from trainers.model_index import README_FILE, model_index
from trainers.trainer import Checkpoint
from trainers.training_run import clipping_note

SOURCES = Path(__file__).parent


def commit() -> str:
    """Return the commit of proctor's sources, with `-dirty` where they differ from it.

    Installed from a repository it is that commit; without a repository it is proctor's version.
    """
    installed = distribution("proctor")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    if found := origin.get("vcs_info", {}).get("commit_id"):
        return str(found)
    return _of_checkout() or installed.version


def _of_checkout() -> str:
    """Return the commit by git, "" for a folder outside a repository or without git."""
    try:
        # --exclude=* leaves tags out, so that it is the commit and nothing else
        described = ("git", "-C", str(SOURCES), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
        tracked = ("git", "-C", str(SOURCES), "ls-files", "--error-unmatch", Path(__file__).name)
        subprocess.run(tracked, capture_output=True, check=True)
        return subprocess.run(described, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


_ON_THE_HUB = re.compile(r"[\w-][\w.-]*/[\w.-]+")
"""A model's name there; anything else is a local folder."""

_LICENCE_LINE = re.compile(r"^license: *([\w.+-]+)$", re.MULTILINE)
_HEAD_BYTES = 64 << 10
"""Of a base's README.md; its licence is in its first lines."""


def checkpoint_card(checkpoint: Checkpoint, *, groups: Card | None, metrics: Mapping[str, float | None]) -> str:
    """Return the model card of a checkpoint.

    Args:
        checkpoint: The record of the checkpoint.
        groups: The data card of the groups that it was trained on; None without one.
        metrics: The metrics of its last step, by name; an unknown one is None.

    Returns:
        Markdown with a YAML head; the same for the same arguments.
    """
    parts = (
        _metadata(checkpoint),
        _origin(checkpoint),
        _data(checkpoint, groups),
        _training(checkpoint),
        _end(metrics),
    )
    return "\n".join(chain.from_iterable(parts))


def _metadata(checkpoint: Checkpoint) -> Iterator[str]:
    """Yield the metadata for the hub as YAML; a string of JSON is one of YAML."""
    adapter = checkpoint.config.lora_rank > 0
    yield "---"
    if _is_on_the_hub(checkpoint.base):
        yield f"base_model: {_quoted(checkpoint.base)}"
        yield f"base_model_relation: {'adapter' if adapter else 'finetune'}"
    yield from _licence_fields(checkpoint.base)
    yield f"library_name: {'peft' if adapter else 'transformers'}"
    yield "pipeline_tag: text-generation"
    yield "tags:"
    yield from (f"- {_quoted(tag)}" for tag in ("code", "offline-rl", "proctor", checkpoint.method))
    yield from model_index(Path(checkpoint.path).name, ())
    yield "---"
    yield ""


def _origin(checkpoint: Checkpoint) -> Iterator[str]:
    what = "A LoRA adapter for" if checkpoint.config.lora_rank else "All parameters of"
    yield f"# {Path(checkpoint.path).name}"
    yield ""
    yield f"{what} `{base_name(checkpoint.base)}`, trained by proctor with the method `{checkpoint.method}`."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| method | {checkpoint.method} |"
    yield f"| base | {in_markdown(base_name(checkpoint.base))} |"
    yield f"| steps | {checkpoint.step} |"
    yield f"| SHA-256 of the groups | {checkpoint.groups_sha256} |"
    yield f"| commit of proctor | {checkpoint.commit} |"
    yield ""
    yield (
        "Evaluate it with `proctor run --benchmark mbpp --backend transformers --model FOLDER --out RUN`, FOLDER being "
        "that of this file; `proctor card FOLDER RUN` adds the scores here."
    )
    yield ""


def _data(checkpoint: Checkpoint, groups: Card | None) -> Iterator[str]:
    yield "## Training data"
    yield ""
    if groups is None:
        yield f"Groups without a data card; their SHA-256 is {checkpoint.groups_sha256}."
        yield ""
        yield f"The licences of the data and of `{base_name(checkpoint.base)}` apply."
        yield ""
        return
    yield f"{groups.groups} groups with {groups.completions} completions, compiled from {in_markdown(groups.source)}."
    if groups.completion_tokens:
        yield f"{groups.prompt_tokens} tokens in prompts and {groups.completion_tokens} in completions."
    against = ", ".join(groups.recipe.against)
    if not against:
        yield "Overlap with benchmarks was not checked."
    elif groups.recipe.keep_contaminated:
        yield f"Overlap with {against} was checked and kept: {len(groups.contaminated)} texts."
    else:
        yield f"What overlaps {against} was dropped: {len(groups.contaminated)} texts."
    yield ""
    yield "| status | reward |"
    yield "|---|---|"
    yield from (f"| {status} | {reward:+g} |" for status, reward in groups.recipe.rewards.rewards.items())
    yield ""
    data = f"under {groups.licence}" if groups.licence else "under a licence that isn't recorded"
    base = base_name(checkpoint.base)
    yield f"The submissions are {data}. The licence of `{base}` applies to what was made of it."
    yield ""


def _training(checkpoint: Checkpoint) -> Iterator[str]:
    yield "## Options"
    yield ""
    yield "| option | value |"
    yield "|---|---|"
    for name, value in msgspec.to_builtins(checkpoint.config).items():
        shown = Path(value).name if isinstance(value, str) else value  # some name a file or a folder of this machine
        yield f"| {name} | {'-' if shown is None else shown} |"
    yield ""


def _end(metrics: Mapping[str, float | None]) -> Iterator[str]:
    if not any(value is not None for value in metrics.values()):
        return
    yield "## At the last step"
    yield ""
    yield "| metric | value |"
    yield "|---|---|"
    yield from (f"| {name} | {value:.6g} |" for name, value in metrics.items() if value is not None)
    yield ""
    if note := clipping_note(metrics.get("clipped") or 0.0):
        yield f"{note.capitalize()}."
        yield ""


def base_name(base: str) -> str:
    """Return the name of a base for readers elsewhere.

    Args:
        base: As it was named, an id of the hub or the path of a folder.

    Returns:
        The id, or the folder's own name without its path.
    """
    return base if _is_on_the_hub(base) else Path(base).resolve().name


def _licence_fields(base: str) -> Iterator[str]:
    """Yield the licence of what is made of a base: the base's own."""
    if licence := _licence_of(base):
        yield f"license: {licence}"
    elif _is_on_the_hub(base):
        yield from ("license: other", "license_name: that-of-the-base-model")
        yield f"license_link: {_quoted(f'https://huggingface.co/{base}')}"
    else:
        yield "license: unknown"


def _licence_of(base: str) -> str:
    """Return the licence in the card of a base on this disk; empty where there is none."""
    path = Path(base) / README_FILE
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        text = file.read(_HEAD_BYTES).decode(errors="replace")
    head = text.removeprefix("---\n").partition("\n---")[0] if text.startswith("---\n") else ""
    found = _LICENCE_LINE.search(head)
    return found[1] if found else ""


def _is_on_the_hub(base: str) -> bool:
    return _ON_THE_HUB.fullmatch(base) is not None and not Path(base).exists()


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
