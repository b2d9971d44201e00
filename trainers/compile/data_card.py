"""Writes the data card of groups: their source, the rows that each rule dropped, and their contents.

Every row that comes in leaves by exactly one rule.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from harness.escapes import in_markdown
from harness.runs.jsonl import pretty_json, read, write_whole
from trainers.compile.decontamination import Match
from trainers.compile.provenance import hub_licence
from trainers.compile.rewards import RewardTable, Status
from trainers.groups import Group

Counts = Counter[tuple[str, str]]
"""(table, entry) -> count, as tables on the data card. The counts of two problems add up to those of both."""

ROWS = "fate of the rows"
"""The table of `Rule` and `KEPT`: its sum is the number of rows that came in."""

KEPT = "in a group"

TOTALS = "totals"
PROBLEMS = "problems"
ODDITIES = "oddities that cost no row"
STATUSES = "statuses of the rows in the language"
GROUPED = "statuses in the groups"
PER_PROBLEM = "groups of a problem"
ACCEPTED = "accepted members of a group"
COMPLETION_TOKENS = "tokens of a completion"
PROMPT_TOKENS = "tokens of a prompt"
ABSENT = "packages that members failed for"
"""Counted where members are judged again; see --allow."""


class Rule(StrEnum):
    """Names the rules that drop rows, in order of application."""

    MALFORMED_ROW = "malformed row"
    MISSING_COLUMNS = "metadata without a needed column"
    OTHER_LANGUAGE = "other programming language"
    PYTHON_2 = "Python 2 by its metadata"
    BAD_ID = "malformed id"
    OTHER_PROBLEM = "row of another problem"
    REPEATED_ID = "id seen before"
    NOT_JUDGED = "sample without verdict"
    UNKNOWN_STATUS = "unknown status"
    JUDGE_SIDE = "judge-side status"
    NO_STATEMENT = "no statement file"
    BAD_STATEMENT = "statement in another encoding"
    EMPTY_STATEMENT = "empty statement"
    STATEMENT_IN_IMAGES = "statement lives in images"
    OTHER_TONGUE = "statement in another language"
    CONTAMINATED_STATEMENT = "statement overlaps a benchmark"
    NO_REWARD = "status without reward"
    NO_PROMPT = "sample without prompt"
    CHAT = "messages instead of a text"
    NO_SOURCE = "no source file"
    NO_FILE = "source is not a plain file"
    TOO_LARGE = "source too large"
    WRONG_ENCODING = "source in an unknown encoding"
    EMPTY_SOURCE = "empty source"
    PARSER_ENDED = "parser crashed or did not end"
    NOT_PYTHON_3 = "not Python 3"
    CONTRADICTORY = "same tokens accepted and rejected"
    REPEATED = "same tokens seen before"
    CONTAMINATED_CODE = "code overlaps a benchmark"
    TOO_LONG = "too many tokens"
    FAILS_HERE = "accepted, but fails to run here"
    OVER_CAP = "accepted beyond the cap"
    NO_PARTNER = "no partners left for a group"


def bin_of(count: int) -> str:
    """Return the histogram bin of a count, between powers of two.

    Args:
        count: 0 or more.

    Returns:
        "low-high", both included, or one number for 0 and 1.

    >>> [bin_of(count) for count in (0, 1, 2, 3, 4, 2048)]
    ['0', '1', '2-3', '2-3', '4-7', '2048-4095']
    """
    low = 1 << count.bit_length() - 1 if count else 0
    return f"{low}" if low < 2 else f"{low}-{2 * low - 1}"


def counts_of_groups(groups: Sequence[Group], lengths: Mapping[str, int], prompt_tokens: int) -> Counts:
    """Return totals and histograms of the groups of one problem.

    Args:
        groups: All of the problem; it may have none.
        lengths: Completion -> its tokens; empty where no length was checked.
        prompt_tokens: Tokens of the prompt that they share.

    Returns:
        Counts for the tables of groups, members and tokens.
    """
    counted = Counts()
    counted[PER_PROBLEM, bin_of(len(groups))] += 1
    counted[PROBLEMS, "with groups" if groups else "without a group"] += 1
    counted[TOTALS, "groups"] += len(groups)
    for group in groups:
        counted[TOTALS, "completions"] += len(group.completions)
        counted[ACCEPTED, str(group.statuses.count(Status.ACCEPTED))] += 1
        counted.update((GROUPED, status) for status in group.statuses)
        if lengths:
            tokens = [lengths[completion] for completion in group.completions]
            counted.update((COMPLETION_TOKENS, bin_of(count)) for count in tokens)
            counted[PROMPT_TOKENS, bin_of(prompt_tokens)] += 1
            counted[TOTALS, "completion tokens"] += sum(tokens)
            counted[TOTALS, "prompt tokens"] += prompt_tokens
    return counted


CARD_FILE = "card.json"

_MOST_DIGITS = 20
"""Of a bin's number; a status may be a number too, of any length."""
_MATCHES_SHOWN = 100
"""Overlaps listed in card.md; a benchmark's easiest tasks have thousands."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """Records the options of a compilation; with the source they decide every byte of the groups."""

    seed: int = 0
    max_tokens: int = 2048
    """Longest completion; longer ones are dropped, never cut."""
    max_accepted: int = 50
    """Accepted submissions kept of one problem."""
    group_size: int = 4
    unbalanced: bool = False
    """Whether groups of one outcome were made as well."""
    rewards: RewardTable
    language: str = "any"
    """Of the statements: en, ja or any."""
    tokenizer_sha256: str = ""
    """Of the tokenizer's file; empty where no length was checked."""
    against: tuple[str, ...] = ()
    """Benchmarks checked for overlap."""
    threshold: float = 0.5
    """Overlap from which on a text counts as a benchmark's."""
    keep_contaminated: bool = False
    rejudged_by: str = ""
    """Interpreter in which the members of groups ran; empty where they were not rejudged."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """Describes a folder of groups; holds no clock, so equal inputs give equal bytes."""

    schema: int = 1
    source: str
    licence: str = ""
    """Of the submissions, an SPDX identifier; empty where it is unknown."""
    recipe: Recipe
    proctor: str
    groups_sha256: str
    rows: int
    groups: int
    completions: int
    prompt_tokens: int
    completion_tokens: int
    fates: dict[str, int]
    """Every row that came in, by the rule that dropped it, or in a group; adds up to `rows`."""
    tables: dict[str, dict[str, int]]
    """All other counts."""
    contaminated: tuple[Match, ...] = ()
    rejudged: dict[str, dict[str, int]] = {}
    """Status -> verdict on the statement's samples -> how many members of groups."""


def tables_of(counts: Counts) -> dict[str, dict[str, int]]:
    """Return the counts as tables.

    Args:
        counts: Those of all problems; a count of 0 is left out.

    Returns:
        Table -> entry -> count: rules in order of application, bins by their numbers, all else by name.
    """
    order = {str(entry): place for place, entry in enumerate((KEPT, *Rule))}
    tables: dict[str, dict[str, int]] = {}
    for (table, entry), count in sorted(counts.items(), key=lambda item: (item[0][0], _place(item[0][1], order))):
        if count:
            tables.setdefault(table, {})[str(entry)] = count
    return tables


def read_card(groups: Path, groups_sha256: str) -> Card | None:
    """Return the card beside the groups in a folder or file.

    Args:
        groups: Folder or file of the groups.
        groups_sha256: Digest of their Parquet file.

    Returns:
        The card; None without one, or where it belongs to other groups.

    Raises:
        UserError: The card is broken.
    """
    path = (groups if groups.is_dir() else groups.parent) / CARD_FILE
    card = read(path, Card) if path.exists() else None
    return card if card and card.groups_sha256 == groups_sha256 else None


def write_card(folder: Path, card: Card) -> None:
    """Write `card.json` and `card.md`.

    Args:
        folder: Where to, which exists.
        card: What they hold.
    """
    write_whole(folder / CARD_FILE, pretty_json(card))
    write_whole(folder / "card.md", "\n".join((*_metadata(card), card_markdown(card))).encode())


def _metadata(card: Card) -> Iterator[str]:
    """Yield the metadata for the hub as YAML; a string of JSON is one of YAML."""
    yield "---"
    yield f"license: {hub_licence(card.licence)}"
    yield f"pretty_name: {msgspec.json.encode(f'Groups of {card.source}').decode()}"
    yield from ("task_categories:", "- text-generation", "tags:", "- code", "- proctor", "---", "")


def card_markdown(card: Card) -> str:
    """Return the card as markdown.

    Args:
        card: Its texts are escaped, for they come from the data.

    Returns:
        The text of `card.md`.
    """
    return "\n".join((*_head(card), *_details(card)))


def _head(card: Card) -> Iterator[str]:
    yield f"# Groups of {in_markdown(card.source)}"
    yield ""
    yield f"{card.groups} groups with {card.completions} completions of {card.rows} rows, proctor {card.proctor}"
    yield ""
    yield f"- licence of the submissions: {in_markdown(card.licence) or 'not recorded'}"
    yield f"- tokens: {card.prompt_tokens} in prompts, {card.completion_tokens} in completions"
    yield f"- SHA-256 of the groups: {card.groups_sha256}"
    rewards = ", ".join(f"{status} {reward:+g}" for status, reward in card.recipe.rewards.rewards.items())
    yield f"- rewards: {rewards or 'those of the rows'}"
    terms = msgspec.structs.asdict(card.recipe.rewards.terms)
    yield f"- extra terms: {', '.join(f'{name} {weight:+g}' for name, weight in terms.items() if weight) or 'none'}"
    options = msgspec.structs.asdict(card.recipe)
    yield f"- options: {', '.join(f'{name} {option}' for name, option in options.items() if name != 'rewards')}"
    yield ""


def _details(card: Card) -> Iterator[str]:
    yield from _table(ROWS, "rows", card.fates)
    for title, counts in card.tables.items():
        yield from _table(title, "count", counts)
    if card.rejudged:
        yield from _cross(card.rejudged)
    if card.contaminated:
        yield f"## overlap with {in_markdown(', '.join(card.recipe.against))}"
        yield ""
        yield "| text | benchmark | task | share of the task's n-grams |"
        yield "|---|---|---|---|"
        shown = card.contaminated[:_MATCHES_SHOWN]
        names = ((m, " | ".join(map(in_markdown, (m.what, m.benchmark, m.task_id)))) for m in shown)
        yield from (f"| {named} | {m.overlap:.2f} |" for m, named in names)
        yield ""
        if len(shown) < len(card.contaminated):
            yield f"{len(card.contaminated) - len(shown)} more are in card.json."
            yield ""


def _table(title: str, head: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield f"| {title} | {head} |"
    yield "|---|---|"
    yield from (f"| {in_markdown(entry)} | {count} |" for entry, count in counts.items())
    yield ""


def _cross(rejudged: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    verdicts = tuple(dict.fromkeys(verdict for row in rejudged.values() for verdict in row))
    yield "## status against verdict on the statement's samples"
    yield ""
    yield f"| status | {' | '.join(verdicts)} |"
    yield f"|---|{'---|' * len(verdicts)}"
    for status, row in rejudged.items():
        yield f"| {status} | {' | '.join(str(row.get(verdict, 0)) for verdict in verdicts)} |"
    yield ""


def _place(entry: str, order: Mapping[str, int]) -> tuple[int, str]:
    """Return the sorting key of an entry: its place among the rules, the bin's number, or its name."""
    low = entry.partition("-")[0]
    return order.get(entry, int(low) if low.isdecimal() and len(low) < _MOST_DIGITS else 0), entry
