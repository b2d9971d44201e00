"""Writes scores into the model card of a checkpoint: as model-index for the hub, and as a table for readers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from harness.errors import UserError
from harness.escapes import in_markdown
from harness.generation.models import find_weights
from harness.runs.conditions import footnote, sampling_text
from harness.runs.jsonl import write_whole
from harness.runs.records import Result, Score
from harness.scoring.score import ALL

README_FILE = "README.md"

_HEAD = re.compile(r"\A---\n(.*?)^---\n", re.MULTILINE | re.DOTALL)
_OLD_INDEX = re.compile(r"^model-index:\n(?:[- ].*\n)*", re.MULTILINE)
_OLD_TABLE = re.compile(r"\n*<!-- scores -->\n.*?<!-- end of scores -->\n", re.DOTALL)


def write_scores(checkpoint: Path, results: Sequence[Result], folder: Path) -> Path:
    """Write the README.md of a checkpoint with scores; all else in it stays, earlier scores apart.

    Args:
        checkpoint: Folder of the model or adapter.
        results: Of this model.
        folder: To write it into, such as the checkpoint itself; it is made where it is absent.

    Returns:
        Path of the card.

    Raises:
        UserError: There is no card, or a result is of another model.
    """
    path = checkpoint / README_FILE
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; name the folder of a checkpoint")
    identity = find_weights(str(checkpoint)).identity
    for result in results:
        producer = result.conditions.producer
        if producer is None or producer.weights != identity:
            of = f"of {producer.model}" if producer else "of samples whose model isn't recorded"
            raise UserError(f"{checkpoint}: the result of {result.policy} is {of}, not of these weights; evaluate them")
    card = scored_card(path.read_text(encoding="utf-8"), checkpoint.resolve().name, results)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / README_FILE, card.encode())
    return folder / README_FILE


def scored_card(card: str, name: str, results: Sequence[Result]) -> str:
    """Return a model card with scores in the place of earlier ones.

    Args:
        card: Markdown with a YAML head.
        name: Of the model.
        results: Its results.

    Returns:
        The card.

    Raises:
        UserError: It has no YAML head.
    """
    found = _HEAD.match(card)
    if not found:
        raise UserError(f"the model card of {name} has no YAML head; train again, or begin it with two lines of ---")
    head, body = _OLD_INDEX.sub("", found[1]), _OLD_TABLE.sub("\n", card[found.end() :])
    index, table = "\n".join(model_index(name, results)), "\n".join(_table(results))
    return f"---\n{head}{index}\n---\n{body.rstrip()}\n\n<!-- scores -->\n{table}\n<!-- end of scores -->\n"


def model_index(name: str, results: Sequence[Result]) -> Iterator[str]:
    """Write scores as the metadata of the hub have them.

    Args:
        name: Of the model.
        results: Its results; there may be none yet.

    Yields:
        The lines of YAML; a string of JSON is one of YAML.
    """
    yield "model-index:"
    yield f"- name: {_quoted(name)}"
    yield "  results:" if results else "  results: []"
    for result in results:
        for difficulty, scores in _by_difficulty(result).items():
            yield "  - task:"
            yield "      type: text-generation"
            yield "    dataset:"
            yield f"      type: {_quoted(result.conditions.benchmark)}"
            yield f"      name: {_quoted(result.conditions.benchmark)}"
            yield f"      config: {_quoted(difficulty)}"
            yield "    metrics:"
            for score in scores:
                yield f"    - type: pass@{score.k}"
                yield f"      name: {_quoted(f'pass@{score.k}, {_sampling(result)}')}"
                yield f"      value: {score.value:.6g}"


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield "## Scores"
    yield ""
    yield "Percent with 95 % interval, judged by proctor; the means over problems."
    yield ""
    yield "| benchmark | difficulty | problems | sampling | k | pass@k |"
    yield "|---|---|---|---|---|---|"
    for result in results:
        for difficulty, scores in _by_difficulty(result).items():
            named = f"{in_markdown(result.conditions.benchmark)} | {in_markdown(difficulty)}"
            sampling = in_markdown(_sampling(result))
            for score in scores:
                interval = f"{100 * score.low:.1f}-{100 * score.high:.1f}"
                yield f"| {named} | {score.problems} | {sampling} | {score.k} | {100 * score.value:.2f} ({interval}) |"
    yield ""
    for conditions in dict.fromkeys(f"{r.conditions.benchmark}: {footnote(r.conditions)}" for r in results):
        yield f"{in_markdown(conditions)}."
        yield ""


def _sampling(result: Result) -> str:
    sampling = result.conditions.sampling
    return f"n = {result.conditions.samples}, {sampling_text(sampling) if sampling else 'unknown'}"


def _by_difficulty(result: Result) -> Mapping[str, Sequence[Score]]:
    """Return the scores over all kinds of tests by difficulty, "all" first."""
    found: dict[str, list[Score]] = {}
    for score in result.scores:
        if score.kind == ALL:
            found.setdefault(score.difficulty, []).append(score)
    return found


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
