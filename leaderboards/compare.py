"""Compares two results, or two methods by the results of their seeds, problem by problem."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from harness.errors import UserError
from harness.escapes import in_markdown
from harness.runs.records import Result
from harness.scoring.clusters import families_of
from harness.scoring.differences import Rows
from harness.scoring.lost import lost_text
from harness.scoring.passk import mean_pass_at_k
from harness.scoring.report import table
from leaderboards.contrast import contrast
from leaderboards.flips import Flip, flip_lines, flips
from leaderboards.paired import holm
from leaderboards.results import Seeds, difficulties, listed, protocol_differences, shared_tallies
from leaderboards.seeds import SEEDS_NEEDED, VarianceSplit, sampling_of, values_of, variance_split

FAMILIES_NEEDED = 6
"""For a p-value below 0.05: all signs alike come up in 2 of 2^6 cases."""


class PairedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """Compares mean pass@k of one difficulty, over the problems with at least k samples in every result; in [0, 1]."""

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
    on_seeds: bool
    """Whether the test is on seeds, and so about the methods; if not, it is about these checkpoints."""
    variance: VarianceSplit
    families: int = 0
    """That are the units of test and interval, such as contests; 0 where problems are."""


class ResultComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the changes from policy A to policy B."""

    a: str
    b: str
    a_policies: tuple[str, ...]
    """Of each of its seeds."""
    b_policies: tuple[str, ...]
    benchmark: str
    protocol_differences: tuple[str, ...]
    lost: tuple[str, ...]
    """Of each result that lost samples to faults of the sandbox: how many, and the bounds of its scores."""
    only_in_a: tuple[str, ...]
    """Task ids that B lacks."""
    only_in_b: tuple[str, ...]
    columns: tuple[PairedColumn, ...]
    flips: tuple[Flip, ...]


def compare(a: Seeds, b: Seeds, names: tuple[str, str] = ("", "")) -> ResultComparison:
    """Compare two results, or two methods by their seeds, over the problems and the k that all have.

    Args:
        a: The result to compare with, or those of its seeds.
        b: The other one, or those of its seeds.
        names: Of A and B; those of their policies where they are empty.

    Returns:
        The changes from A to B.

    Raises:
        UserError: They have no problem, or no k, in common.
    """
    of_a, of_b = listed(a), listed(b)
    name_a, name_b = names[0] or of_a[0].policy, names[1] or of_b[0].policy
    every = (*of_a, *of_b)
    ks = sorted(set.intersection(*({score.k for score in result.scores} for result in every)))
    found = columns(of_a, of_b, ks)
    if not found:
        raise UserError(
            f"{name_a} and {name_b} have no problem, or no k, in common; "
            f"compare results of the same problems that were scored with the same --k"
        )
    tasks_a, tasks_b = _tasks(of_a), _tasks(of_b)
    return ResultComparison(
        a=name_a,
        b=name_b,
        a_policies=tuple(result.policy for result in of_a),
        b_policies=tuple(result.policy for result in of_b),
        benchmark=every[0].conditions.benchmark,
        protocol_differences=tuple(
            dict.fromkeys(text for result in every[1:] for text in protocol_differences(every[0], result))
        ),
        lost=tuple(f"{result.policy}: {text}" for result in every if (text := lost_text(result))),
        only_in_a=tuple(task_id for task_id in tasks_a if task_id not in tasks_b),
        only_in_b=tuple(task_id for task_id in tasks_b if task_id not in tasks_a),
        columns=found,
        flips=flips(of_a, of_b),
    )


def _tasks(results: Iterable[Result]) -> Mapping[str, None]:
    """Return the task ids that all results have, in order."""
    first, *others = ([tally.task_id for tally in result.tallies] for result in results)
    shared = set(first).intersection(*others)
    return {task_id: None for task_id in first if task_id in shared}


def columns(a: Seeds, b: Seeds, ks: Iterable[int]) -> tuple[PairedColumn, ...]:
    """Return the columns of a comparison.

    Args:
        a: The result to compare with, or those of its seeds.
        b: The other one, or those of its seeds.
        ks: The k of pass@k.

    Returns:
        A column for each k and each difficulty, "all" first, that has problems with k samples in every result; p-values
        are adjusted for their number.
    """
    of_a, of_b = listed(a), listed(b)
    shared = (
        (difficulty, k, shared_tallies((*of_a, *of_b), k, difficulty))
        for k in ks
        for difficulty in difficulties(of_a[0].tallies)
    )
    found = [_column(difficulty, k, rows[: len(of_a)], rows[len(of_a) :]) for difficulty, k, rows in shared if rows[0]]
    adjusted = holm([column.p for column in found])
    return tuple(msgspec.structs.replace(column, p_holm=p) for column, p in zip(found, adjusted, strict=True))


def _column(difficulty: str, k: int, a: Rows, b: Rows) -> PairedColumn:
    found = contrast(a, b, k)
    return PairedColumn(
        difficulty=difficulty,
        k=k,
        problems=len(a[0]),
        a=_mean(a, k),
        b=_mean(b, k),
        difference=found.value,
        low=found.low,
        high=found.high,
        p=found.p,
        p_holm=found.p,
        detectable=found.detectable,
        on_seeds=found.on_seeds,
        variance=variance_split(
            values_of(a, k), values_of(b, k), sampling_of(a, k), sampling_of(b, k), families_of((*a, *b))
        ),
        families=found.families,
    )


def _mean(rows: Rows, k: int) -> float:
    return float(mean_pass_at_k(((tally.n, tally.c) for row in rows for tally in row), k))


def comparison_markdown(comparison: ResultComparison, runs: Sequence[Path], shown: int) -> str:
    """Return the comparison as markdown.

    Args:
        comparison: The changes from A to B.
        runs: The folders of A and B, for the commands that explain a problem; not used where a side has several seeds.
        shown: The most flips listed in each direction.

    Returns:
        The text: differences in protocol, a row a column, sources of variance, flips.
    """
    single = len(comparison.a_policies) == len(comparison.b_policies) == 1
    explained = ((runs[0], comparison.a_policies[0]), (runs[1], comparison.b_policies[0])) if single else None
    return "\n".join(
        (*_heading(comparison), *_columns(comparison.columns), *flip_lines(comparison.flips, explained, shown))
    )


def _heading(comparison: ResultComparison) -> Iterator[str]:
    yield f"## {in_markdown(comparison.b)} against {in_markdown(comparison.a)} on {in_markdown(comparison.benchmark)}"
    yield ""
    for difference in comparison.protocol_differences:
        yield f"**Another protocol**: {in_markdown(difference)}"
        yield ""
    for text in comparison.lost:
        yield f"**{in_markdown(text)}**"
        yield ""
    for task_ids, name in ((comparison.only_in_a, comparison.a), (comparison.only_in_b, comparison.b)):
        if task_ids:
            yield f"{len(task_ids)} problems that only {in_markdown(name)} has are left out"
            yield ""
    yield scope(len(comparison.a_policies), len(comparison.b_policies))
    yield ""


def scope(a_seeds: int, b_seeds: int) -> str:
    """Return the subject of a difference: methods where seeds are compared, else checkpoints.

    Args:
        a_seeds: Seeds of the one side.
        b_seeds: Seeds of the other.

    Returns:
        One sentence.
    """
    sides = "One run a side" if a_seeds == b_seeds == 1 else f"{a_seeds} and {b_seeds} seeds"
    if min(a_seeds, b_seeds) >= SEEDS_NEEDED:
        return f"{sides}: the test is on seeds, so a difference is one between the methods."
    return (
        f"{sides}: a difference is one between these checkpoints, not between the methods; "
        f"give {SEEDS_NEEDED} seeds or more of each to test the methods."
    )


def _columns(columns: Sequence[PairedColumn]) -> Iterator[str]:
    yield "Percent; paired by problem, 95 % interval of the difference"
    yield ""
    headings = ("difficulty", "problems", "k", "A", "B", "B - A", "95 % interval", "p", "p (Holm)", "detectable")
    yield from table([headings, *map(_cells, columns)])
    yield ""
    if columns[0].on_seeds:
        yield "p: Welch's t-test on the seeds' scores, with the variance between problems; p (Holm): adjusted"
    else:
        yield "p: exact McNemar, or sign flips of the units where there are several samples each; p (Holm): adjusted"
    yield f"for {len(columns)} columns; detectable: the smallest true difference found in 80 % of cases at 5 %."
    yield _unit_line(columns)
    yield ""
    yield "Sources of the variance of B - A in percent, and its standard error, now and with twice as many"
    yield ""
    sources = (
        "difficulty",
        "k",
        "problems",
        "samples",
        "seeds",
        "dominant",
        "now",
        "2x problems",
        "2x samples",
        "2x seeds",
    )
    yield from table([sources, *map(_source_cells, columns)])
    yield ""
    if any(None in {column.variance.sample, column.variance.seed} for column in columns):
        yield "-: unknown, of seeds with one run a side, of samples with one a problem"
        yield ""


def _unit_line(columns: Sequence[PairedColumn]) -> str:
    """Return the unit of tests and intervals, and what too few of it can't show."""
    most = max(column.families for column in columns)
    if not most:
        return "The unit of tests and intervals is the problem."
    few = (
        f"; fewer than {FAMILIES_NEEDED} give no p below 0.05"
        if most < FAMILIES_NEEDED and not columns[0].on_seeds
        else ""
    )
    return f"The unit of tests and intervals is the family of problems, such as a contest: {most} in all{few}."


def _cells(column: PairedColumn) -> tuple[str, ...]:
    return (
        in_markdown(column.difficulty),
        str(column.problems),
        str(column.k),
        f"{100 * column.a:.2f}",
        f"{100 * column.b:.2f}",
        f"{100 * column.difference:+.2f}",
        f"{100 * column.low:+.2f} to {100 * column.high:+.2f}",
        p_text(column.p),
        p_text(column.p_holm),
        f"{100 * column.detectable:.2f}",
    )


def p_text(p: float) -> str:
    """Return a p-value with four decimals; none is shown as 0.

    Args:
        p: In (0, 1].
    """
    return f"{p:.4f}" if p >= 0.00005 else "<0.0001"


def _dominant(parts: Mapping[str, float], known: Mapping[str, bool]) -> str:
    """Return the source of most of the variance; samples that can't be told from problems are named with them."""
    if not any(parts.values()):
        return "-"
    found = max(parts, key=parts.__getitem__)
    return f"{found}s" if found != "problem" or known["sample"] else "problems, samples"


def _source_cells(column: PairedColumn) -> tuple[str, ...]:
    """Return the cells of a row; a source that can't be told apart from problems is a dash."""
    split = column.variance
    parts = split.parts()
    known = {"problem": True, "sample": split.sample is not None, "seed": split.seed is not None}
    errors = (
        split.standard_error(),
        split.standard_error(problems=2),
        split.standard_error(samples=2) if known["sample"] else None,
        split.standard_error(seeds=2) if known["seed"] else None,
    )
    return (
        in_markdown(column.difficulty),
        str(column.k),
        *(f"{100 * parts[name]:.0f}" if known[name] else "-" for name in known),
        _dominant(parts, known),
        *("-" if error is None else f"{100 * error:.2f}" for error in errors),
    )
