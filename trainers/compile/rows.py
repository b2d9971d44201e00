"""Reads rows of JSON that hold prompts, completions and rewards as candidates for groups.

Others write them: a row for a prompt, with lists, or for a completion, or for a pair. The files are read twice: first
to find the rows of each prompt, of which only the places are kept, then prompt by prompt.
"""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.runs.json_objects import spans
from harness.runs.jsonl import unpacked
from harness.runs.python_json import parse_row
from trainers.compile.codenet import MAX_SOURCE_BYTES
from trainers.compile.data_card import ROWS, STATUSES, Counts, Rule
from trainers.compile.pipeline import Candidate, Compiled, CompilePlan, compile_candidates
from trainers.compile.rewards import JUDGE_SIDE, Status

_PREFERRED, _OTHER = 1.0, 0.0
"""Rewards of what a row prefers, and of the rest, where it has no numbers."""


class RowPlace(NamedTuple):
    """Locates a row: file and row by their numbers, first byte and length."""

    file: int
    number: int
    start: int
    length: int


class RewardedRow(NamedTuple):
    """Holds the completions and rewards of one row, all of one prompt."""

    problem_id: str
    prompt: str
    members: tuple[Candidate | Rule, ...]


def read_row_places(files: Sequence[Path], counts: Counts) -> tuple[tuple[RowPlace, ...], ...]:
    """Find the rows of each prompt.

    Args:
        files: JSON Lines, or JSON lists of objects.
        counts: Gets the rows without a prompt by the rule that drops them.

    Returns:
        The rows of each prompt together, prompts in the order of their first rows.

    Raises:
        UserError: A file can't be read, or a row is not JSON.
    """
    found: dict[bytes, list[RowPlace]] = {}
    for number, path in enumerate(files):
        with unpacked(path) as file, path.open("rb") as again:
            for span in spans(file, path):
                again.seek(span.start)
                row = read_rewarded_row(parse_row(again.read(span.length), span.where), "")
                if isinstance(row, Rule):
                    counts[ROWS, row] += 1
                else:
                    digest = hashlib.sha256(row.prompt.encode("utf-8", "surrogatepass")).digest()
                    found.setdefault(digest, []).append(RowPlace(number, span.number, span.start, span.length))
    return tuple(map(tuple, found.values()))


def compile_rows(places: Sequence[RowPlace], *, files: Sequence[Path], plan: CompilePlan) -> Compiled:
    """Compile the rows of one prompt; a completion need not be a program by itself, so nothing has to parse.

    Args:
        places: Of its rows.
        files: Those that places number.
        plan: The recipe, with all that it takes.

    Returns:
        As of `compile_candidates`; no groups where the prompt overlaps with a benchmark.
    """
    rows = [row for row in _read(places, files) if not isinstance(row, Rule)]
    problem_id, prompt = rows[0].problem_id, rows[0].prompt
    members = [member for row in rows for member in row.members]
    counted = Counts((ROWS, member) for member in members if isinstance(member, Rule))
    candidates = [member for member in members if isinstance(member, Candidate)]
    counted.update((STATUSES, candidate.status) for candidate in candidates)
    matches = plan.contamination.in_statement(problem_id, prompt) if plan.contamination else ()
    if matches and not plan.recipe.keep_contaminated:
        counted[ROWS, Rule.CONTAMINATED_STATEMENT] += len(candidates)
        return Compiled((), counted, matches)
    compiled = compile_candidates(problem_id, prompt, candidates, plan, must_parse=False)
    return Compiled(compiled.groups, counted + compiled.counts, matches + compiled.matches)


def _read(places: Iterable[RowPlace], files: Sequence[Path]) -> Iterator[RewardedRow | Rule]:
    for place in places:
        path = files[place.file]
        with path.open("rb") as file:
            file.seek(place.start)
            name = f"{path.name}/{place.number}"
            yield read_rewarded_row(parse_row(file.read(place.length), name), name)


def read_rewarded_row(row: Any, name: str) -> RewardedRow | Rule:
    """Read a decoded row.

    Args:
        row: Whatever a line of JSON may hold.
        name: Of the row, for members and problems that have no names.

    Returns:
        Its members, each a candidate or the rule that drops it; or the rule that drops the row as a whole.
    """
    if not isinstance(row, dict):
        return Rule.MALFORMED_ROW
    prompt = row.get("prompt")
    if isinstance(prompt, list):
        return Rule.CHAT
    if not isinstance(prompt, str) or not prompt:
        return Rule.NO_PROMPT
    if not _encodes(prompt):
        return Rule.WRONG_ENCODING
    texts, rewards = _texts_with_rewards(row)
    if not isinstance(texts, list) or not isinstance(rewards, list) or len(texts) != len(rewards) or not texts:
        return Rule.MALFORMED_ROW
    statuses, ids = (_beside(row.get(field), len(texts)) for field in ("statuses", "source_ids"))
    names = [own or f"{name}/{place}" for place, own in enumerate(ids)]
    members = tuple(_member(*one) for one in zip(texts, rewards, statuses, names, strict=True))
    return RewardedRow(_text(row.get("problem_id")) or _text(row.get("task_id")) or name, prompt, members)


def _texts_with_rewards(row: dict[str, Any]) -> tuple[Any, Any]:
    """Return completions and rewards, each a list unless the row is malformed."""
    if "completions" in row:
        return row["completions"], row.get("rewards")
    if "chosen" in row:
        return [row["chosen"], row.get("rejected")], [_PREFERRED, _OTHER]
    if isinstance(label := row.get("label"), bool):
        return [row.get("completion")], [row.get("reward", _PREFERRED if label else _OTHER)]
    return [row.get("completion")], [row["reward"]] if "reward" in row else None


def _beside(texts: Any, count: int) -> list[str]:
    """Return a list of texts that a row may have for its completions, empty ones where it has none."""
    return [*map(_text, texts)] if isinstance(texts, list) and len(texts) == count else [""] * count


def _text(value: Any) -> str:
    return value if isinstance(value, str) and _encodes(value) else ""


def _encodes(text: str) -> bool:
    """Return whether UTF-8 can hold a text: half a surrogate pair is in no Parquet file."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _member(completion: Any, reward: Any, status: str, source_id: str) -> Candidate | Rule:
    is_number = isinstance(reward, int | float) and not isinstance(reward, bool)
    if isinstance(completion, list):
        return Rule.CHAT
    if reward is None:
        return Rule.NO_REWARD
    if not isinstance(completion, str) or not is_number or not abs(reward) <= sys.float_info.max:
        return Rule.MALFORMED_ROW
    if unfit := _unfit_text(completion):
        return unfit
    return Candidate(
        source_id=source_id, completion=completion, status=_status(reward > 0, status), reward=float(reward)
    )


def _unfit_text(completion: str) -> Rule | None:
    if not _encodes(completion):
        return Rule.WRONG_ENCODING
    if not completion.strip():
        return Rule.EMPTY_SOURCE
    return Rule.TOO_LARGE if len(completion.encode()) > MAX_SOURCE_BYTES else None


def _status(accepted: bool, told: str) -> Status:  # noqa: FBT001 - the two are of one member
    """Return the status that a row tells, unless its reward says otherwise."""
    if accepted:
        return Status.ACCEPTED
    known = told in set(Status) - JUDGE_SIDE - {Status.ACCEPTED}
    return Status(told) if known else Status.WRONG_ANSWER
