"""Decides whether a candidate may pass, given a baseline, and reports it as markdown and JUnit XML."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import msgspec

from harness.errors import UserError
from harness.escapes import in_markdown, in_tree
from harness.runs.conditions import differences, slight_differences
from harness.runs.records import Conditions, Result
from harness.scoring.clusters import unit_text
from harness.scoring.report import table
from leaderboards.compare import scope
from leaderboards.flips import Flip, flips
from leaderboards.nightly import NightlyState, tonight
from leaderboards.regression import Demand, Loss, as_if, loss_of, tells_lost
from sandbox.records import Verdict

NAMED = 5
"""The most task ids that a message names."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Records one condition of the gate, and its finding."""

    name: str
    passed: bool
    message: str
    decides: bool = True
    """Whether it says that the candidate is worse where it failed, and not that nothing can be said."""
    ours: bool = False
    """Whether it failed for a fault of the sandbox: then nothing is decided yet."""

    @property
    def verdict(self) -> str:
        """Return "passed", "failed", "undecided" or "can't compare"."""
        failed = "undecided" if self.ours else "failed" if self.decides else "can't compare"
        return "passed" if self.passed else failed


class GateDecision(msgspec.Struct, frozen=True, kw_only=True):
    """Records whether a candidate passes: it does if every check does."""

    baseline: str
    candidate: str
    benchmark: str
    passed: bool
    comparable: bool = True
    """False where the two were reached in ways that forbid a comparison: then nothing is said about the candidate."""
    decided: bool = True
    """False where faults of the sandbox may have made the difference: judge the lost samples again."""
    warnings: tuple[str, ...] = ()
    """Differences that let them be compared, such as another patch level of Python."""
    checks: tuple[Check, ...]
    lost: tuple[Flip, ...]
    """Problems of which a smaller share of samples is accepted than before."""
    state: NightlyState | None = None
    """Of a test over many nights, after this one."""


def judge(
    baseline: Result,
    candidate: Result,
    *,
    k: int = 1,
    tolerance: float = 0.0,
    confidence: float = 0.95,
    strict: bool = False,
    more_baselines: Sequence[Result] = (),
    more_candidates: Sequence[Result] = (),
    drawn_again: Sequence[Result] = (),
    nights: NightlyState | None = None,
) -> GateDecision:
    """Judge whether the candidate is worse than the baseline by more than `tolerance`.

    One number decides: mean pass@k over all problems. The candidate fails where the upper end of the one-sided interval
    for its difference from the baseline is below -tolerance; so one that is exactly that much worse fails in about
    1 - confidence of cases. Where it was drawn again, it fails only if all draws together fail as well. Where
    conditions or problems differ, nothing is compared.

    Args:
        baseline: The reference.
        candidate: The result to pass or fail.
        k: Of pass@k.
        tolerance: Loss of pass@k that passes, in [0, 1].
        confidence: Of the one-sided interval, in [0.5, 1); with `nights`, that none of them is stopped for nothing.
        strict: Don't compare either where there would only be a warning.
        more_baselines: More samples of the reference, or more seeds of it; the mean of all is compared.
        more_candidates: More seeds of the candidate's method; with three or more on each side, the test is on seeds.
        drawn_again: More samples of the candidate, looked at only where the first would fail.
        nights: State of a test over many nights, of which this is the next; None for a decision that stands alone.

    Returns:
        The decision with all its checks.

    Raises:
        UserError: One of them has fewer than `k` samples of each problem, so there is nothing to decide by.
    """
    baselines, candidates = (baseline, *more_baselines), (candidate, *more_candidates)
    others = (*more_baselines, *candidates, *drawn_again)
    _refuse_few_samples((baseline, *others), k)
    checks = [_same_protocol(baseline, others, strict=strict), _same_problems(baseline, others)]
    state = None
    if all(check.passed for check in checks):
        demand = Demand(k, tolerance, confidence, on_seeds=bool(more_candidates))
        checks.append(_sandbox_errors(baselines, (*candidates, *drawn_again), demand))
        if nights is None:
            checks.append(_no_regression(baselines, candidates, drawn_again, demand))
        else:
            tested = tonight(nights, baselines, candidate, demand)
            state = tested.state if checks[-1].passed else nights
            checks.append(Check(name=f"pass@{k} over nights", passed=not tested.stopped, message=tested.message))
    return _decided(checks, baseline, candidates, slight=_found(slight_differences, baseline, others), state=state)


def _decided(
    checks: Sequence[Check],
    baseline: Result,
    candidates: Sequence[Result],
    *,
    slight: tuple[str, ...],
    state: NightlyState | None,
) -> GateDecision:
    """Return the decision that follows from all checks."""
    comparable = all(check.passed or check.decides for check in checks)
    return GateDecision(
        baseline=baseline.policy,
        candidate=candidates[0].policy,
        benchmark=candidates[0].conditions.benchmark,
        passed=all(check.passed for check in checks),
        comparable=comparable,
        decided=not any(check.ours and not check.passed for check in checks),
        warnings=slight,
        checks=tuple(checks),
        lost=tuple(flip for flip in flips(baseline, candidates) if comparable and flip.change < 0),
        state=state,
    )


def _refuse_few_samples(results: Sequence[Result], k: int) -> None:
    for result in results:
        most = max([result.conditions.samples, *(tally.n for tally in result.tallies)])
        if most < k:
            raise UserError(
                f"--k {k}: {result.policy} has at most {most} samples of a problem, too few for pass@{k}; "
                "gate on fewer tries, or generate more samples"
            )


def _same_protocol(baseline: Result, others: Sequence[Result], *, strict: bool) -> Check:
    found, slight = _found(differences, baseline, others), _found(slight_differences, baseline, others)
    forbidding = found + slight if strict else found
    alike = f"alike but for {'; '.join(slight)}" if slight else "all were reached under the same conditions"
    return Check(name="protocol", passed=not forbidding, message="; ".join(forbidding) or alike, decides=False)


def _found(
    difference: Callable[[Conditions, Conditions], tuple[str, ...]], baseline: Result, others: Sequence[Result]
) -> tuple[str, ...]:
    """Return the differences of all other results from the baseline, each once."""
    return tuple(dict.fromkeys(text for other in others for text in difference(baseline.conditions, other.conditions)))


def _same_problems(baseline: Result, others: Sequence[Result]) -> Check:
    before = {tally.task_id for tally in baseline.tallies}
    of_others = [{tally.task_id for tally in other.tallies} for other in others]
    missing = sorted(set[str]().union(*(before - ids for ids in of_others)))
    added = sorted(set[str]().union(*of_others) - before)
    found = [f"{_named(missing)} missing"] * bool(missing) + [f"{_named(added)} not in the baseline"] * bool(added)
    message = "; ".join(found) if found else f"the same {len(before)} problems"
    return Check(name="problems", passed=not found, message=message, decides=False)


def _named(task_ids: Sequence[str]) -> str:
    more = f" and {len(task_ids) - NAMED} more" if len(task_ids) > NAMED else ""
    return f"{', '.join(task_ids[:NAMED])}{more}"


def _sandbox_errors(baselines: Sequence[Result], candidates: Sequence[Result], demand: Demand) -> Check:
    """Check that the samples which the sandbox lost could not have changed the verdict."""
    before, now = (
        sum(result.verdict_counts[Verdict.SANDBOX_ERROR] for result in side) for side in (baselines, candidates)
    )
    message = f"{now} samples were lost to faults of the sandbox, {before} in the baseline"
    if not before and not now:
        return Check(name="sandbox errors", passed=True, message=message, ours=True)
    verdicts = {_verdict_if(baselines, candidates, demand, passed=passed) for passed in (False, True)}
    decided = len(verdicts) == 1 and all(map(tells_lost, (*baselines, *candidates)))
    rest = "so the verdict may be otherwise; the same proctor score again retries them"
    kept = "the verdict would be the same had all of them passed or failed"
    return Check(name="sandbox errors", passed=decided, message=f"{message}; {kept if decided else rest}", ours=True)


def _verdict_if(baselines: Sequence[Result], candidates: Sequence[Result], demand: Demand, *, passed: bool) -> bool:
    """Say whether the candidate would be stopped if its lost samples had passed and the baseline's had not."""
    before = [as_if(result, passed=not passed) for result in baselines]
    loss = loss_of(before, [as_if(result, passed=passed) for result in candidates], demand)
    return loss is not None and loss.stopped


def _no_regression(
    baselines: Sequence[Result], candidates: Sequence[Result], drawn_again: Sequence[Result], demand: Demand
) -> Check:
    name = f"pass@{demand.k}"
    loss = loss_of(baselines, candidates, demand)
    if loss is None:
        message = f"no problem has {demand.k} samples or more in all results"
        return Check(name=name, passed=False, message=message, decides=False)
    found = [_finding(loss, demand)]
    if loss.stopped and drawn_again:
        loss = loss_of(baselines, (*candidates, *drawn_again), demand) or loss
        found.append(f"with {len(drawn_again)} more draws {_finding(loss, demand)}")
    elif loss.stopped:
        found.append("before you believe it, generate again with another seed and add --confirm")
    if demand.on_seeds:
        found.append(scope(len(baselines), len(candidates)).removesuffix("."))
    found.append(f"a true loss of {100 * loss.found:.2f} would be stopped in 80 % of cases")
    return Check(name=name, passed=not loss.stopped, message="; ".join(found))


def _finding(loss: Loss, demand: Demand) -> str:
    return (
        f"from {100 * loss.before:.2f} to {100 * loss.now:.2f} over {unit_text(loss.problems, loss.families)}: "
        f"{100 * (loss.now - loss.before):+.2f} points, at most {100 * loss.most:+.2f} with "
        f"{100 * demand.confidence:g} % confidence; tolerated: {100 * demand.tolerance:.2f} worse"
    )


LOST_SHOWN = 20


def summary(decision: GateDecision) -> str:
    """Return the decision as markdown: the verdict, a row for each check, and the problems that got worse.

    Args:
        decision: With all its checks.

    Returns:
        The text; at most `LOST_SHOWN` problems are listed.
    """
    return "\n".join(_summary(decision))


def _summary(decision: GateDecision) -> Iterator[str]:
    names = f"{decision.candidate} against {decision.baseline} on {decision.benchmark}"
    yield f"## {outcome_of(decision)}: {in_markdown(names)}"
    yield ""
    rows = ((in_markdown(check.name), _shown(check), in_markdown(check.message)) for check in decision.checks)
    yield from table([("check", "verdict", "finding"), *rows])
    yield ""
    for warning in decision.warnings:
        yield f"**Warning**: {in_markdown(warning)}"
        yield ""
    if decision.lost:
        yield f"{len(decision.lost)} problems got worse; the largest changes:"
        yield ""
        lost = (
            (in_markdown(flip.task_id), f"{flip.a_accepted}/{flip.a_samples}", f"{flip.b_accepted}/{flip.b_samples}")
            for flip in decision.lost[:LOST_SHOWN]
        )
        yield from table([("problem", "before", "now"), *lost])
        yield ""


def outcome_of(decision: GateDecision) -> str:
    """Return the outcome in a word or two.

    Args:
        decision: With all its checks.

    Returns:
        "Passed", "FAILED", "UNDECIDED" or "CAN'T COMPARE".
    """
    if decision.passed:
        return "Passed"
    return "CAN'T COMPARE" if not decision.comparable else "FAILED" if decision.decided else "UNDECIDED"


def _shown(check: Check) -> str:
    return check.verdict if check.passed else f"**{check.verdict.upper()}**"


_JUNIT = {
    "failed": ("failure", "regression"), "undecided": ("error", "sandbox"), "can't compare": ("error", "incomparable"),
}  # fmt: skip
"""Element and type by the verdict of a check."""


def junit(decision: GateDecision) -> bytes:
    """Return the decision as JUnit XML: a test case for each check, an error where nothing could be compared.

    Args:
        decision: With all its checks.

    Returns:
        The file in UTF-8.
    """
    verdicts = Counter(check.verdict for check in decision.checks)
    suite = Element(
        "testsuite",
        name=in_tree(f"proctor gate: {decision.candidate} against {decision.baseline}"),
        tests=str(len(decision.checks)),
        failures=str(verdicts["failed"]),
        errors=str(verdicts["can't compare"] + verdicts["undecided"]),
        skipped="0",
    )
    for check in decision.checks:
        names = {"classname": f"proctor.gate.{decision.benchmark}", "name": check.name}
        case = SubElement(suite, "testcase", {attribute: in_tree(name) for attribute, name in names.items()})
        if check.passed:
            SubElement(case, "system-out").text = in_tree(check.message)
        else:
            element, kind = _JUNIT[check.verdict]
            SubElement(case, element, message=in_tree(check.message), type=kind)
    indent(suite)
    document: bytes = tostring(suite, encoding="utf-8", xml_declaration=True)
    return document + b"\n"
