"""Finds the problems with a changed share of accepted samples, and writes them as a table."""

import shlex
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import msgspec

from harness.escapes import code_block, in_markdown
from harness.scoring.report import table
from leaderboards.results import Seeds, listed, shared_tallies
from sandbox.printable import one_line


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """Records a problem with a changed share of accepted samples."""

    task_id: str
    difficulty: str
    a_accepted: int
    a_samples: int
    b_accepted: int
    b_samples: int

    @property
    def change(self) -> Fraction:
        """Return the share that B gained, negative where it lost."""
        return Fraction(self.b_accepted, self.b_samples) - Fraction(self.a_accepted, self.a_samples)


def flips(a: Seeds, b: Seeds) -> tuple[Flip, ...]:
    """Return the problems with a changed share of accepted samples, those of all seeds of a side together.

    Args:
        a: The result to compare with, or those of its seeds.
        b: The other one, or those of its seeds.

    Returns:
        Those lost first, the largest change of each direction in front.
    """
    of_a, of_b = listed(a), listed(b)
    rows = shared_tallies((*of_a, *of_b), 1)
    found = []
    for tallies in zip(*rows, strict=True):
        before, now = tallies[: len(of_a)], tallies[len(of_a) :]
        flip = Flip(
            task_id=tallies[0].task_id,
            difficulty=tallies[0].difficulty,
            a_accepted=sum(tally.c for tally in before),
            a_samples=sum(tally.n for tally in before),
            b_accepted=sum(tally.c for tally in now),
            b_samples=sum(tally.n for tally in now),
        )
        if flip.change:
            found.append(flip)
    return tuple(sorted(found, key=lambda flip: (flip.change > 0, -abs(flip.change))))


def flip_lines(
    found: Sequence[Flip], explained: tuple[tuple[Path, str], tuple[Path, str]] | None, shown: int
) -> Iterator[str]:
    """Yield the flips as markdown, and the commands that explain them.

    Args:
        found: Those lost first.
        explained: Run and policy of A and of B, None where a side has several.
        shown: The most listed in each direction.

    Yields:
        Lines without line ends.
    """
    lost = [flip for flip in found if flip.change < 0]
    gained = [flip for flip in found if flip.change > 0]
    yield f"{len(lost)} problems got worse, {len(gained)} got better"
    yield ""
    top = (*lost[:shown], *gained[:shown])
    if top:
        yield from table([("problem", "difficulty", "A", "B"), *map(_flip_cells, top)])
        yield ""
    if hidden := len(found) - len(top):
        yield f"{hidden} more; --flips {max(len(lost), len(gained))} or --json lists all"
        yield ""
    if top and explained:
        yield "Why they flipped:"
        yield ""
        for flip in top:
            # The run that failed is the one to look at.
            run, policy = explained[flip.change < 0]
            yield code_block(one_line(f"proctor explain {shlex.join((str(run), flip.task_id, '--policy', policy))}"))
        yield ""


def _flip_cells(flip: Flip) -> tuple[str, ...]:
    before, now = f"{flip.a_accepted}/{flip.a_samples}", f"{flip.b_accepted}/{flip.b_samples}"
    return in_markdown(flip.task_id), in_markdown(flip.difficulty), before, now
