"""Mixes groups of several folders, such as those of humans and of a policy's own samples, into one."""

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from harness.errors import UserError
from trainers.compile.data_card import ROWS, TOTALS, Card, Counts, read_card, tables_of, write_card
from trainers.groups import GROUPS_FILE, Group, read_groups, write_groups
from trainers.training_run import groups_sha256


def mix_groups(folders: Sequence[Path], out: Path) -> Card:
    """Write the groups of several folders into one, those of the first folder first, and a card for all.

    Args:
        folders: Of groups with their cards; each once.
        out: The folder to be, see `refuse_taken`.

    Returns:
        The card, as written.

    Raises:
        UserError: A folder is named twice, has no card, or was compiled with other rewards.
    """
    cards = _cards(folders)
    draft = out.with_name(f"{out.name}.tmp")
    draft.mkdir(parents=True, exist_ok=True)
    log_probs = any(group.log_probs for group in _every(folders))
    card = mixed_card(cards, write_groups(draft / GROUPS_FILE, _every(folders), log_probs=log_probs))
    write_card(draft, card)
    draft.rename(out)
    return card


def _every(folders: Sequence[Path]) -> Iterator[Group]:
    for folder in folders:
        yield from read_groups(folder)


def _cards(folders: Sequence[Path]) -> list[Card]:
    """Return the cards of the folders."""
    cards = list[Card]()
    hashes = dict[str, Path]()
    for folder in folders:
        next(read_groups(folder), None)  # says what is wrong with a folder that has none
        digest = groups_sha256(folder)
        if digest in hashes:
            raise UserError(f"{hashes[digest]} and {folder} hold the same groups; name each once")
        hashes[digest] = folder
        card = read_card(folder, digest)
        if card is None:
            raise UserError(f"{folder}: has no card.json of its groups; compile them again")
        if cards and card.recipe.rewards != cards[0].recipe.rewards:
            raise UserError(f"{folder}: its rewards differ from those of {folders[0]}; compile it with the same")
        cards.append(card)
    return cards


def mixed_card(cards: Sequence[Card], sha256: str) -> Card:
    """Return the card of the groups of several cards.

    Args:
        cards: At least one, all with the same rewards.
        sha256: Digest of the file of all their groups.

    Returns:
        Their counts added up; the recipe is that of the first, whose options need not be those of the others.
    """
    counts = Counts()
    rejudged = dict[str, Counter[str]]()
    for card in cards:
        counts.update({(ROWS, fate): count for fate, count in card.fates.items()})
        counts.update({(name, entry): of for name, table in card.tables.items() for entry, of in table.items()})
        for status, verdicts in card.rejudged.items():
            rejudged.setdefault(status, Counter()).update(verdicts)
    tables = tables_of(counts)
    fates, licences = tables.pop(ROWS, {}), {card.licence for card in cards}
    tables.pop(TOTALS, None)
    return Card(
        source=", and ".join(dict.fromkeys(card.source for card in cards)),
        licence=licences.pop() if len(licences) == 1 else "",
        recipe=cards[0].recipe,
        proctor=version("proctor"),
        groups_sha256=sha256,
        rows=sum(fates.values()),
        groups=sum(card.groups for card in cards),
        completions=sum(card.completions for card in cards),
        prompt_tokens=sum(card.prompt_tokens for card in cards),
        completion_tokens=sum(card.completion_tokens for card in cards),
        fates=fates,
        tables=tables,
        contaminated=tuple(match for card in cards for match in card.contaminated),
        rejudged={status: dict(sorted(rejudged[status].items())) for status in sorted(rejudged)},
    )
