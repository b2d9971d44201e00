"""Plans comparisons of pass@1: the problems, samples and seeds that it takes to find a difference."""

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist, fmean, harmonic_mean, variance

import msgspec

from harness.errors import UserError
from harness.runs.records import Result
from harness.scoring.clusters import families_of
from harness.scoring.distributions import student_quantile
from harness.scoring.report import table
from leaderboards.results import Side, listed, shared_tallies
from leaderboards.seeds import SEEDS_NEEDED, sampling_of, values_of, variance_split

MOST_PROBLEMS = 10_000_000
"""A question that needs more has no answer."""
_MOST_RATIO = 1000.0
"""Of variances; beyond, Student's t is normal."""


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the variances that add up to that of a difference of pass@1, in [0, 1]."""

    problem: float
    """Of the difference between two policies' chances to solve a problem, over problems."""
    sample: float
    """Of one sample, accepted or not, of one problem: the mean of p (1 - p)."""
    seed: float | None
    """Of a method's score over seeds; None where it is unknown."""
    seed_by_problem: float = 0.0
    """Of the chance to solve a problem over seeds, beyond that."""

    def of_difference(self, problems: int, samples: int, seeds: int) -> tuple[float, float]:
        """Return the variance of a difference that other problems cause, and that of seeds and samples.

        With one seed a side the question is about these checkpoints, and seeds cause nothing.

        Args:
            problems: Number of problems.
            samples: Of each problem.
            seeds: On each side.
        """
        drawn = 2 * self.sample / (samples * seeds)
        if seeds == 1:
            return self.problem / problems, drawn / problems
        of_seeds = 2 * (self.seed_by_problem / problems + (self.seed or 0.0)) / seeds
        return self.problem / problems, drawn / problems + of_seeds


def noise_of_score(score: float, correlation: float, seed_sd: float | None) -> Noise:
    """Return the noise of a policy of which only the score is known.

    Its chances to solve a problem are taken as beta-distributed with a + b = 1: most problems are nearly always solved,
    or nearly never, as is usual for code.

    Args:
        score: pass@1, in (0, 1).
        correlation: Between two policies' chances to solve a problem, over problems, in [0, 1].
        seed_sd: Standard deviation of the score over seeds, None where it is unknown.
    """
    spread = score * (1 - score) / 2  # the variance of a beta distribution, mean (1 - mean) / (a + b + 1)
    return Noise(problem=2 * (1 - correlation) * spread, sample=spread, seed=_squared(seed_sd))


def noise_of_pilot(result: Result, correlation: float, seed_sd: float | None) -> Noise:
    """Return the noise of a policy that was examined.

    Args:
        result: With two problems or more that have samples.
        correlation: As for `noise_of_score`.
        seed_sd: As for `noise_of_score`.

    Raises:
        UserError: It has fewer problems.
    """
    (tallies,) = shared_tallies([result], 1)
    if len(tallies) < 2:
        raise UserError(f"{result.policy}: has fewer than two problems with samples; give --score instead")
    shares = [tally.c / tally.n for tally in tallies]
    drawn = sampling_of([tallies], 1)
    if drawn is None:  # one sample a problem shows only the sum of both
        return noise_of_score(min(max(fmean(shares), 1e-3), 1 - 1e-3), correlation, seed_sd)
    sample = fmean(tally.c * (tally.n - tally.c) / (tally.n * (tally.n - 1)) for tally in tallies)
    between = max(0.0, variance(shares) - drawn)
    return Noise(problem=2 * (1 - correlation) * between, sample=sample, seed=_squared(seed_sd))


def noise_of_sides(a: Side, b: Side, seed_sd: float | None) -> Noise:
    """Return the noise of two methods that were examined on the same problems.

    Args:
        a: The one, with one result or several seeds.
        b: The other.
        seed_sd: As for `noise_of_score`; None takes that of the seeds, where both sides have several.

    Raises:
        UserError: They share fewer than two problems.
    """
    of_a, of_b = listed(a.results), listed(b.results)
    rows = shared_tallies((*of_a, *of_b), 1)
    if len(rows[0]) < 2:
        raise UserError(f"{a.name} and {b.name} share fewer than two problems; give --score instead")
    of_side = rows[: len(of_a)], rows[len(of_a) :]
    values_a, values_b = (values_of(side, 1) for side in of_side)
    sampled_a, sampled_b = (sampling_of(side, 1) for side in of_side)
    split = variance_split(values_a, values_b, sampled_a, sampled_b, families_of(rows))
    problems, inverse = len(rows[0]), 1 / len(of_a) + 1 / len(of_b)
    found = None if split.seed is None else split.seed / inverse
    drawn = harmonic_mean(tally.n for row in rows for tally in row)
    return Noise(
        problem=split.problem * problems,
        sample=(split.sample or 0.0) * problems / inverse * drawn,
        seed=found if seed_sd is None else _squared(seed_sd),
        seed_by_problem=split.seed_by_problem * problems / inverse,
    )


def _squared(seed_sd: float | None) -> float | None:
    return None if seed_sd is None else seed_sd**2


def detectable_with(
    noise: Noise, problems: int, samples: int, seeds: int, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest true difference of pass@1 that a two-sided test finds with this power.

    Args:
        noise: Of the two policies.
        problems: Number of problems.
        samples: Of each problem.
        seeds: On each side; with one the question is about checkpoints.
        alpha: Level of the test.
        power: Chance to find the difference.

    Returns:
        The difference, in [0, 1] or beyond.
    """
    of_problems, others = noise.of_difference(problems, samples, seeds)
    total = of_problems + others
    if seeds == 1 or not others:
        normal = NormalDist()
        return (normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)) * math.sqrt(total)
    df = 2 * (seeds - 1) * min(_MOST_RATIO, total / others) ** 2  # Satterthwaite's
    return (student_quantile(1 - alpha / 2, df) + student_quantile(power, df)) * math.sqrt(total)


def problems_needed(
    noise: Noise, difference: float, samples: int, seeds: int, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Return the number of problems with which a difference is found.

    Args:
        noise: Of the two policies.
        difference: Of pass@1, in (0, 1].
        samples: Of each problem.
        seeds: On each side.
        alpha: Level of the test.
        power: Chance to find the difference.

    Returns:
        The smallest number; None where no number is enough, because seeds alone hide the difference.
    """
    low, high = 0, 1
    while detectable_with(noise, high, samples, seeds, alpha=alpha, power=power) > difference:
        low, high = high, 2 * high
        if high > MOST_PROBLEMS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = detectable_with(noise, middle, samples, seeds, alpha=alpha, power=power) <= difference
        low, high = (low, middle) if enough else (middle, high)
    return high


class PowerRow(msgspec.Struct, frozen=True, kw_only=True):
    """Records the problems that a number of samples and seeds needs, and its findings; differences are in [0, 1]."""

    samples: int
    seeds: int
    on_seeds: bool
    """Whether the question is about methods; if not, it is about two checkpoints."""
    problems_needed: int | None
    detectable: float | None
    """With the number of problems that there are, None where it wasn't given."""


class PowerQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Records a question: the difference to be found, and its certainty."""

    difference: float
    alpha: float
    power: float
    problems: int | None


def power_rows(
    noise: Noise, question: PowerQuestion, samples: Sequence[int], seeds: Sequence[int]
) -> tuple[PowerRow, ...]:
    """Return a row for each number of samples and seeds; without a variance of seeds, for one seed a side only.

    Args:
        noise: Of the two policies.
        question: To be answered.
        samples: Numbers of samples of a problem.
        seeds: Numbers of seeds on each side.
    """
    levels = {"alpha": question.alpha, "power": question.power}
    return tuple(
        PowerRow(
            samples=n,
            seeds=s,
            on_seeds=s >= SEEDS_NEEDED,
            problems_needed=problems_needed(noise, question.difference, n, s, **levels),
            detectable=detectable_with(noise, question.problems, n, s, **levels) if question.problems else None,
        )
        for s in seeds
        for n in samples
        if s == 1 or noise.seed is not None
    )


def power_markdown(noise: Noise, question: PowerQuestion, rows: Sequence[PowerRow]) -> str:
    """Return the plan as markdown.

    Args:
        noise: Of the two policies.
        question: That is answered.
        rows: The answers.
    """
    return "\n".join(_power_lines(noise, question, rows))


def _power_lines(noise: Noise, question: PowerQuestion, rows: Sequence[PowerRow]) -> Iterator[str]:
    found = f"{100 * question.difference:g} points of pass@1 in {100 * question.power:g} % of cases"
    yield f"To find a difference of {found},"
    yield f"at {100 * question.alpha:g} %, two-sided, paired by problem:"
    yield ""
    with_problems = [f"detectable with {question.problems} problems"] if question.problems else []
    headings = ("seeds a side", "samples a problem", "about", "problems needed", *with_problems)
    yield from table([headings, *map(_power_cells, rows)])
    yield ""
    problem, sample = (100 * math.sqrt(part) for part in (noise.problem, noise.sample))
    seed = "unknown" if noise.seed is None else f"{100 * math.sqrt(noise.seed):.2f}"
    yield f"Standard deviations in points: {problem:.1f} of a problem's difference, {sample:.1f} of a sample,"
    yield f"{seed} of a method's score over seeds."
    if noise.seed is None:
        yield "A question about methods needs the last: --seed-sd POINTS, or results of several seeds of two methods."
    if not noise.sample:
        yield "With one sample a problem, problem and sample can't be told apart: more samples seem to help nothing."
    yield ""


def _power_cells(row: PowerRow) -> tuple[str, ...]:
    needed = "no number is enough" if row.problems_needed is None else str(row.problems_needed)
    about = "methods" if row.on_seeds else "two checkpoints"
    found = [] if row.detectable is None else [f"{100 * row.detectable:.2f}"]
    return str(row.seeds), str(row.samples), about, needed, *found
