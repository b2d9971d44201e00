"""A comparison as tables that read well on a terminal and in markdown."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.escapes import code_block, in_markdown
from harness.report import table
from leaderboards.compare import Column, Comparison, Flip
from sandbox.printable import one_line


def markdown(comparison: Comparison, runs: Sequence[Path], shown: int) -> str:
    """Return the comparison as markdown.

    Args:
        comparison: What changed from A to B.
        runs: The folders of A and B, for the commands that explain a problem.
        shown: How many of the problems that flipped are listed.
    """
    return "\n".join((*_head(comparison), *_columns(comparison.columns), *_flips(comparison, runs, shown)))


def _head(comparison: Comparison) -> Iterator[str]:
    yield f"## {in_markdown(comparison.b)} against {in_markdown(comparison.a)} on {in_markdown(comparison.benchmark)}"
    yield ""
    for difference in comparison.protocol_differences:
        yield f"**Another protocol**: {in_markdown(difference)}"
        yield ""
    for task_ids, name in ((comparison.only_in_a, comparison.a), (comparison.only_in_b, comparison.b)):
        if task_ids:
            yield f"{len(task_ids)} problems only {in_markdown(name)} was asked are left out"
            yield ""


def _columns(columns: Sequence[Column]) -> Iterator[str]:
    yield "Percent; paired by problem, 95 % interval of the difference"
    yield ""
    head = ("difficulty", "problems", "k", "A", "B", "B - A", "95 % interval", "p", "p (Holm)", "detectable")
    yield from table([head, *map(_cells, columns)])
    yield ""
    yield "p: exact McNemar, or sign flips of the problems where there are several samples each; p (Holm) allows for"
    yield f"there being {len(columns)} columns; detectable: the smallest true difference found in 80 % of cases at 5 %."
    yield ""


def _cells(column: Column) -> tuple[str, ...]:
    return (
        in_markdown(column.difficulty),
        str(column.problems),
        str(column.k),
        f"{100 * column.a:.2f}",
        f"{100 * column.b:.2f}",
        f"{100 * column.difference:+.2f}",
        f"{100 * column.low:+.2f} to {100 * column.high:+.2f}",
        f"{column.p:.4f}",
        f"{column.p_holm:.4f}",
        f"{100 * column.detectable:.2f}",
    )


def _flips(comparison: Comparison, runs: Sequence[Path], shown: int) -> Iterator[str]:
    lost = [flip for flip in comparison.flips if flip.change < 0]
    gained = [flip for flip in comparison.flips if flip.change > 0]
    yield f"{len(lost)} problems got worse, {len(gained)} got better"
    yield ""
    chosen = (*lost[:shown], *gained[:shown])
    if chosen:
        yield from table([("problem", "difficulty", "A", "B"), *map(_flip_cells, chosen)])
        yield ""
    if hidden := len(comparison.flips) - len(chosen):
        yield f"{hidden} more; --flips {max(len(lost), len(gained))} or --json lists all"
        yield ""
    if chosen:
        yield "Why they flipped:"
        yield ""
        for flip in chosen:
            # What is to be looked at is what failed.
            run, policy = (runs[1], comparison.b) if flip.change < 0 else (runs[0], comparison.a)
            yield code_block(one_line(f"proctor explain {shlex.join((str(run), flip.task_id, '--policy', policy))}"))
        yield ""


def _flip_cells(flip: Flip) -> tuple[str, ...]:
    before, now = f"{flip.a_accepted}/{flip.a_samples}", f"{flip.b_accepted}/{flip.b_samples}"
    return in_markdown(flip.task_id), in_markdown(flip.difficulty), before, now
