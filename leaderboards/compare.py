"""Compares two results problem by problem, and writes the changes from A to B as tables."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import msgspec

from harness.errors import UserError
from harness.escapes import code_block, in_markdown
from harness.runs.conditions import differences
from harness.runs.records import Result, Tally
from harness.scoring.passk import pass_at_k
from harness.scoring.report import table
from harness.scoring.score import ALL
from leaderboards.paired import detectable, holm, mean_difference, p_value
from leaderboards.results import difficulties
from sandbox.printable import one_line


class PairedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """Compares mean pass@k of one difficulty, over problems with at least k samples of both policies; all in [0, 1]."""

    difficulty: str
    k: int
    problems: int
    a: float
    b: float
    difference: float
    """B less A, with a 95 % interval."""
    low: float
    high: float
    p: float
    p_holm: float
    """Adjusted for the number of columns."""
    detectable: float
    """The smallest true difference that this comparison would find in 80 % of cases, at 5 %, two-sided."""


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """Records a problem with a changed share of accepted samples."""

    task_id: str
    difficulty: str
    a_accepted: int
    a_samples: int
    b_accepted: int
    b_samples: int

    @property
    def change(self) -> float:
        """Return the share that B gained, negative where it lost."""
        return self.b_accepted / self.b_samples - self.a_accepted / self.a_samples


class ResultComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the changes from policy A to policy B."""

    a: str
    b: str
    benchmark: str
    protocol_differences: tuple[str, ...]
    only_in_a: tuple[str, ...]
    """Task ids that B lacks."""
    only_in_b: tuple[str, ...]
    columns: tuple[PairedColumn, ...]
    flips: tuple[Flip, ...]


def compare(a: Result, b: Result) -> ResultComparison:
    """Compare two results, over the problems that both have and the k that both were scored with.

    Args:
        a: The result to compare with.
        b: The other one.

    Returns:
        The changes from A to B.

    Raises:
        UserError: They have no problem, or no k, in common.
    """
    ks = sorted({score.k for score in a.scores} & {score.k for score in b.scores})
    found = columns(a, b, ks)
    if not found:
        raise UserError(
            f"{a.policy} and {b.policy} have no problem, or no k, in common; "
            f"compare results of the same problems that were scored with the same --k"
        )
    of_a, of_b = _by_task(a), _by_task(b)
    return ResultComparison(
        a=a.policy,
        b=b.policy,
        benchmark=a.conditions.benchmark,
        protocol_differences=differences(a.conditions, b.conditions),
        only_in_a=tuple(task_id for task_id in of_a if task_id not in of_b),
        only_in_b=tuple(task_id for task_id in of_b if task_id not in of_a),
        columns=found,
        flips=flips(a, b),
    )


def columns(a: Result, b: Result, ks: Iterable[int]) -> tuple[PairedColumn, ...]:
    """Return the columns of a comparison.

    Args:
        a: The result to compare with.
        b: The other one.
        ks: The k of pass@k.

    Returns:
        A column for each k and each difficulty, "all" first, that has problems with k samples in both; p-values are
        adjusted for their number.
    """
    of_b = _by_task(b)
    found = [
        _column(difficulty, k, values)
        for k in ks
        for difficulty in difficulties(a.tallies)
        if (values := _values((tally for tally in a.tallies if difficulty in {ALL, tally.difficulty}), of_b, k))
    ]
    adjusted = holm([column.p for column in found])
    return tuple(msgspec.structs.replace(column, p_holm=p) for column, p in zip(found, adjusted, strict=True))


def paired_values(a: Result, b: Result, k: int) -> tuple[tuple[float, float], ...]:
    """Return pass@k of both results, for each problem that has k samples in both.

    Args:
        a: The first result.
        b: The second.
        k: Of pass@k.

    Returns:
        (pass@k under A, pass@k under B) of each problem, in [0, 1].
    """
    return _values(a.tallies, _by_task(b), k)


def flips(a: Result, b: Result) -> tuple[Flip, ...]:
    """Return the problems with a changed share of accepted samples.

    Args:
        a: The result to compare with.
        b: The other one.

    Returns:
        Those lost first, the largest change of each direction in front.
    """
    found = [
        Flip(
            task_id=before.task_id,
            difficulty=before.difficulty,
            a_accepted=before.c,
            a_samples=before.n,
            b_accepted=now.c,
            b_samples=now.n,
        )
        for before, now in _pairs(a.tallies, _by_task(b))
        if before.n and now.n and before.c * now.n != now.c * before.n
    ]
    return tuple(sorted(found, key=lambda flip: (flip.change > 0, -abs(flip.change))))


def _by_task(result: Result) -> Mapping[str, Tally]:
    return {tally.task_id: tally for tally in result.tallies}


def _pairs(tallies: Iterable[Tally], of_b: Mapping[str, Tally]) -> Iterator[tuple[Tally, Tally]]:
    return ((tally, of_b[tally.task_id]) for tally in tallies if tally.task_id in of_b)


def _values(tallies: Iterable[Tally], of_b: Mapping[str, Tally], k: int) -> tuple[tuple[float, float], ...]:
    return tuple(
        (pass_at_k(before.n, before.c, k), pass_at_k(now.n, now.c, k))
        for before, now in _pairs(tallies, of_b)
        if min(before.n, now.n) >= k
    )


def _column(difficulty: str, k: int, values: Sequence[tuple[float, float]]) -> PairedColumn:
    changes = [b - a for a, b in values]
    found = mean_difference(changes)
    p = p_value(changes)
    return PairedColumn(
        difficulty=difficulty,
        k=k,
        problems=len(values),
        a=fmean(a for a, _ in values),
        b=fmean(b for _, b in values),
        difference=found.value,
        low=found.low,
        high=found.high,
        p=p,
        p_holm=p,
        detectable=detectable(found.standard_error),
    )


def comparison_markdown(comparison: ResultComparison, runs: Sequence[Path], shown: int) -> str:
    """Return the comparison as markdown.

    Args:
        comparison: The changes from A to B.
        runs: The folders of A and B, for the commands that explain a problem.
        shown: The most flips listed in each direction.

    Returns:
        The text: differences in protocol, a row a column, flips.
    """
    return "\n".join((*_heading(comparison), *_columns(comparison.columns), *_flips(comparison, runs, shown)))


def _heading(comparison: ResultComparison) -> Iterator[str]:
    yield f"## {in_markdown(comparison.b)} against {in_markdown(comparison.a)} on {in_markdown(comparison.benchmark)}"
    yield ""
    for difference in comparison.protocol_differences:
        yield f"**Another protocol**: {in_markdown(difference)}"
        yield ""
    for task_ids, name in ((comparison.only_in_a, comparison.a), (comparison.only_in_b, comparison.b)):
        if task_ids:
            yield f"{len(task_ids)} problems that only {in_markdown(name)} has are left out"
            yield ""


def _columns(columns: Sequence[PairedColumn]) -> Iterator[str]:
    yield "Percent; paired by problem, 95 % interval of the difference"
    yield ""
    headings = ("difficulty", "problems", "k", "A", "B", "B - A", "95 % interval", "p", "p (Holm)", "detectable")
    yield from table([headings, *map(_cells, columns)])
    yield ""
    yield "p: exact McNemar, or sign flips of the problems where there are several samples each; p (Holm): adjusted"
    yield f"for {len(columns)} columns; detectable: the smallest true difference found in 80 % of cases at 5 %."
    yield ""


def _cells(column: PairedColumn) -> tuple[str, ...]:
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


def _flips(comparison: ResultComparison, runs: Sequence[Path], shown: int) -> Iterator[str]:
    lost = [flip for flip in comparison.flips if flip.change < 0]
    gained = [flip for flip in comparison.flips if flip.change > 0]
    yield f"{len(lost)} problems got worse, {len(gained)} got better"
    yield ""
    listed = (*lost[:shown], *gained[:shown])
    if listed:
        yield from table([("problem", "difficulty", "A", "B"), *map(_flip_cells, listed)])
        yield ""
    if hidden := len(comparison.flips) - len(listed):
        yield f"{hidden} more; --flips {max(len(lost), len(gained))} or --json lists all"
        yield ""
    if listed:
        yield "Why they flipped:"
        yield ""
        for flip in listed:
            # The run that failed is the one to look at.
            run, policy = (runs[1], comparison.b) if flip.change < 0 else (runs[0], comparison.a)
            yield code_block(one_line(f"proctor explain {shlex.join((str(run), flip.task_id, '--policy', policy))}"))
        yield ""


def _flip_cells(flip: Flip) -> tuple[str, ...]:
    before, now = f"{flip.a_accepted}/{flip.a_samples}", f"{flip.b_accepted}/{flip.b_samples}"
    return in_markdown(flip.task_id), in_markdown(flip.difficulty), before, now
