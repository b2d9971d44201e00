"""Tests every night whether a policy got worse, with one error for all nights together.

A gate that decides each night at 95 % stops a policy that never changed in some night of almost every month. Here
evidence is gathered over the nights instead, as the wealth of a player who bets that the policy got worse: while it
didn't, no system of bets makes 1 / alpha of a stake of 1 with a chance above alpha, however often one looks (Ville
1939; Ramdas et al. 2023, "Game-theoretic statistics and safe anytime-valid inference", Statistical Science 38,
576-601).
"""

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import pretty_json, read, write_whole
from harness.runs.records import Result
from harness.scoring.intervals import redrawn_interval
from harness.scoring.passk import pass_at_k
from harness.scoring.redrawn import redrawn_variance
from leaderboards.regression import Demand

NIGHTS = 365
"""Usual number of nights that share one error."""
_EFFECTS = (0.01, 0.02, 0.04, 0.08, 0.16)
"""Losses of the score that are bet on."""
_MOST = 100.0
"""A player is called off at so many times the wealth that is needed: then a repaired policy passes again soon."""


class Bets(msgspec.Struct, frozen=True, kw_only=True):
    """Settles a test over many nights: a state file belongs to one such."""

    reference: str
    """SHA-256 of the baselines and of what is compared."""
    nights: int = NIGHTS
    alpha: float
    """Chance of a false alarm in all nights together, in (0, 1/2]."""


class NightlyState(msgspec.Struct, frozen=True, kw_only=True):
    """Records what was won so far; the next night goes on from it."""

    schema: int = 1
    bets: Bets
    night: int = 0
    """Nights so far."""
    last: str = ""
    """SHA-256 of the last night's counts: the same night again does not count twice."""
    wealth: tuple[float, ...] = (0.0,) * len(_EFFECTS)
    """Of those who bet on each loss, without what is not yet staked."""


class Night(NamedTuple):
    """Holds the score of a night, as sums over sets of samples."""

    lost: float
    """Right ones that are missing from the least number that the baselines and the tolerance allow."""
    variance: float
    """Of the right ones, if the night were drawn again."""
    sets: float
    """Number of sets of k samples, of which each is right or wrong."""


def after(state: NightlyState, night: Night, name: str) -> NightlyState:
    """Return the state after one more night.

    Each night begins with a share 1 / `nights` of the stake, for the policy may get worse in any of them; and goes on
    with what earlier bets left. A bet multiplies its stake by exp(x lost - variance (e^x - 1 - x)), the expectation of
    which is at most 1 unless the policy got worse (Bennett 1962, "Probability inequalities for the sum of independent
    random variables", JASA 57, 33-45); x is best for the loss that is bet on.

    Args:
        state: Before.
        night: What came of it.
        name: SHA-256 of its counts; the same as the last night's changes nothing.

    Returns:
        The state to be kept.

    Raises:
        UserError: All nights are over.
    """
    if name == state.last:
        return state
    if state.night >= state.bets.nights:
        raise UserError(
            f"the state is of {state.bets.nights} nights, and all are over; begin another state file, best with new "
            "baselines"
        )
    share, most = 1 / state.bets.nights, _MOST * needed(state.bets) * len(_EFFECTS)
    variance = max(night.variance, 1e-9)
    wealth = []
    for before, effect in zip(state.wealth, _EFFECTS, strict=True):
        x = math.log1p(effect * night.sets / variance)
        won = x * night.lost - variance * (math.expm1(x) - x)
        wealth.append(min(most, (before + share) * math.exp(min(won, math.log(most / share)))))
    return msgspec.structs.replace(state, night=state.night + 1, last=name, wealth=tuple(wealth))


def evidence(state: NightlyState) -> float:
    """Return the wealth of all players and what is not staked yet: 1 at first; the larger, the surer a loss.

    Args:
        state: After any night.

    Returns:
        Above 0.
    """
    return sum(state.wealth) / len(_EFFECTS) + 1 - state.night / state.bets.nights


def needed(bets: Bets) -> float:
    """Return the evidence from which on the policy counts as worse.

    Half of alpha is for this, the other half for the baselines, which may have been lucky.

    Args:
        bets: Of the test.

    Returns:
        2 / alpha.
    """
    return 2 / bets.alpha


def new_bets(baselines: Sequence[Result], k: int, tolerance: float, confidence: float, nights: int) -> Bets:
    """Return the settings of a test against some baselines.

    Args:
        baselines: Of the same policy, each from samples of its own.
        k: Of pass@k.
        tolerance: Loss of pass@k that passes, in [0, 1].
        confidence: That no night is stopped if nothing got worse, in [0.5, 1).
        nights: That share this confidence.

    Returns:
        The settings, by which a state file is known.
    """
    names = "".join(sorted(counts_sha256(result) for result in baselines))
    reference = hashlib.sha256(f"{names} pass@{k} less {tolerance!r}".encode()).hexdigest()
    return Bets(reference=reference, nights=nights, alpha=1 - confidence)


def counts_sha256(result: Result) -> str:
    """Return the SHA-256 of the counts of a result.

    Args:
        result: Of one policy.

    Returns:
        64 hexadecimal digits.
    """
    return hashlib.sha256(
        msgspec.json.encode([(tally.task_id, tally.n, tally.c) for tally in result.tallies])
    ).hexdigest()


class BaselineScore(NamedTuple):
    """Holds what the baselines say of the score of each night, if nothing got worse."""

    score: float
    """Mean pass@k over the problems, all samples of the baselines together."""
    least: float
    """The least score that is likely with those samples."""
    variance: float
    """Of the mean of one sample a problem."""


def reference_of(counts: Sequence[tuple[int, int]], k: int, alpha: float) -> BaselineScore | None:
    """Return what the baselines say.

    Args:
        counts: (n, c) of each problem, all baselines together.
        k: Of pass@k.
        alpha: Chance of a false alarm, half of which is for the baselines.

    Returns:
        Their score and what it may be; None where a problem has but one sample.
    """
    score = _mean(counts, k)
    interval = redrawn_interval(counts, k, score, confidence=1 - alpha)
    single = redrawn_variance(counts, 1) * fmean(n for n, _ in counts)
    return interval and BaselineScore(score, interval.low, single)


def night_of(reference: BaselineScore, counts: Sequence[tuple[int, int]], k: int, tolerance: float) -> Night:
    """Return what came of a night.

    Its variance is that of the baselines at the least score that they allow, where each set of samples may vary so
    much more as that score is lower.

    Args:
        reference: Of the baselines, on the same problems.
        counts: (n, c) of each problem.
        k: Of pass@k.
        tolerance: Loss of pass@k that passes, in [0, 1].

    Returns:
        The night, in sets of samples: samples where `k` is 1, else problems.
    """
    samples = sum(n for n, _ in counts)
    sets = samples if k == 1 else len(counts)
    score = _mean(counts, k)
    variance = reference.variance * len(counts) / samples if k == 1 else redrawn_variance(counts, k)
    return Night(
        lost=sets * (reference.least - tolerance - score),
        variance=sets**2 * variance + sets * (reference.score - reference.least),
        sets=sets,
    )


def _mean(counts: Sequence[tuple[int, int]], k: int) -> float:
    """Return mean pass@k; equal counts are computed once, for they are many."""
    return math.fsum(problems * pass_at_k(n, c, k) for (n, c), problems in Counter(counts).items()) / len(counts)


def nights_to_find(reference: BaselineScore, night: Night, bets: Bets, loss: float) -> float:
    """Return about how many nights it takes to find a loss.

    Args:
        reference: Of the baselines.
        night: Any, for its variance.
        bets: Of the test.
        loss: Of the score beyond the tolerance, in [0, 1].

    Returns:
        The nights, at least 1; infinity where the baselines are too uncertain to find it ever.
    """
    shift = (loss - (reference.score - reference.least)) * night.sets
    if shift <= 0:
        return math.inf
    variance = max(night.variance, 1e-9)
    growth = (variance + shift) * math.log1p(shift / variance) - shift
    return max(1.0, math.log(needed(bets) * len(_EFFECTS) * bets.nights) / growth)


class TestedNight(NamedTuple):
    """Holds the state after a night, and what is said of it."""

    state: NightlyState
    stopped: bool
    message: str


def tonight(state: NightlyState, baselines: Sequence[Result], candidate: Result, demand: Demand) -> TestedNight:
    """Test one more night.

    Args:
        state: Before it.
        baselines: Of the policy that is not to get worse, each from samples of its own.
        candidate: Of tonight.
        demand: What is compared, and the confidence for all nights together.

    Returns:
        The state after it, and whether the policy counts as worse.

    Raises:
        UserError: The baselines have but one sample of a problem, or all nights are over.
    """
    pairs = list(_pooled(baselines, candidate, demand.k))
    reference = reference_of([before for before, _ in pairs], demand.k, state.bets.alpha) if pairs else None
    if reference is None:
        raise UserError(
            "a test over nights has to know how much the score varies between draws, which one sample of a problem "
            "doesn't tell; give two results or more as --baseline, from samples with different seeds"
        )
    night = night_of(reference, [now for _, now in pairs], demand.k, demand.tolerance)
    state = after(state, night, counts_sha256(candidate))
    won, enough = evidence(state), needed(state.bets)
    score = reference.least - demand.tolerance - night.lost / night.sets
    message = (
        f"night {state.night} of {state.bets.nights}: {100 * score:.2f} over {len(pairs)} problems, "
        f"{100 * reference.score:.2f} in the baseline; evidence of a loss {won:.3g}, stopped from {enough:.3g} on, "
        f"which all nights together reach for nothing with a chance of {100 * state.bets.alpha:.3g} %; "
        f"tolerated: {100 * demand.tolerance:.2f} worse; "
        f"{_delays(reference, night, state.bets)}"
    )
    return TestedNight(state, won >= enough, message)


def _delays(reference: BaselineScore, night: Night, bets: Bets) -> str:
    delays = {points: nights_to_find(reference, night, bets, points / 100) for points in (2, 4, 8)}
    texts = (
        f"{points} points {'never' if math.isinf(nights) else f'in about {math.ceil(nights)} nights'}"
        for points, nights in delays.items()
    )
    return f"a true loss beyond that is found: {', '.join(texts)}"


def _pooled(
    baselines: Sequence[Result], candidate: Result, k: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield (n, c) of all baselines together and of the candidate, for each problem with k samples in both."""
    now = {tally.task_id: (tally.n, tally.c) for tally in candidate.tallies}
    before = defaultdict[str, tuple[int, int]](lambda: (0, 0))
    for result in baselines:
        for tally in result.tallies:
            n, c = before[tally.task_id]
            before[tally.task_id] = n + tally.n, c + tally.c
    for task_id, counts in before.items():
        if task_id in now and min(counts[0], now[task_id][0]) >= k:
            yield counts, now[task_id]


def read_state(path: Path, bets: Bets) -> NightlyState:
    """Read the state of a test, or begin it where there is no such file.

    Args:
        path: Of the state file.
        bets: Of the test that goes on.

    Returns:
        The state before tonight.

    Raises:
        UserError: The file is malformed, or of another test.
    """
    if not path.exists():
        return NightlyState(bets=bets)
    state = read(path, NightlyState)
    sound = len(state.wealth) == len(_EFFECTS) and all(math.isfinite(part) and part >= 0 for part in state.wealth)
    if state.schema != 1 or not sound or not 0 <= state.night <= state.bets.nights:
        raise UserError(f"{path}: not a state file of this gate; name another, which will be written")
    if state.bets != bets:
        raise UserError(
            f"{path}: is of other baselines, or of another --k, --tolerance, --confidence or --nights; give the same "
            "as before, or begin another state file"
        )
    return state


def write_state(path: Path, state: NightlyState) -> None:
    """Write the state of a test.

    Args:
        path: Of the state file.
        state: After tonight.
    """
    write_whole(path, pretty_json(state))
