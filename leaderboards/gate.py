"""Decides whether a candidate may pass, given a baseline, and reports it as markdown and JUnit XML."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import msgspec

from harness.errors import UserError
from harness.escapes import in_markdown, in_tree
from harness.runs.conditions import differences, slight_differences
from harness.runs.records import Result
from harness.scoring.report import table
from leaderboards.compare import paired_values
from leaderboards.flips import Flip, flips
from leaderboards.paired import mean_difference
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

    @property
    def verdict(self) -> str:
        """Return "passed", "failed" or "can't compare"."""
        return "passed" if self.passed else "failed" if self.decides else "can't compare"


class GateDecision(msgspec.Struct, frozen=True, kw_only=True):
    """Records whether a candidate passes: it does if every check does."""

    baseline: str
    candidate: str
    benchmark: str
    passed: bool
    comparable: bool = True
    """False where the two were reached in ways that forbid a comparison: then nothing is said about the candidate."""
    warnings: tuple[str, ...] = ()
    """Differences that let them be compared, such as another patch level of Python."""
    checks: tuple[Check, ...]
    lost: tuple[Flip, ...]
    """Problems of which a smaller share of samples is accepted than before."""


def judge(
    baseline: Result,
    candidate: Result,
    *,
    k: int = 1,
    tolerance: float = 0.0,
    confidence: float = 0.95,
    strict: bool = False,
) -> GateDecision:
    """Judge whether the candidate is worse than the baseline by more than `tolerance`.

    One number decides: mean pass@k over all problems. The candidate fails where the upper end of the one-sided interval
    for its difference from the baseline is below -tolerance; so one that is exactly that much worse fails in about
    1 - confidence of cases. Where conditions or problems differ, nothing is compared.

    Args:
        baseline: The reference.
        candidate: The result to pass or fail.
        k: Of pass@k.
        tolerance: Loss of pass@k that passes, in [0, 1].
        confidence: Of the one-sided interval, in [0.5, 1).
        strict: Don't compare either where there would only be a warning.

    Returns:
        The decision with all its checks.

    Raises:
        UserError: One of them has fewer than `k` samples of each problem, so there is nothing to decide by.
    """
    for result in (baseline, candidate):
        most = max([result.conditions.samples, *(tally.n for tally in result.tallies)])
        if most < k:
            raise UserError(
                f"--k {k}: {result.policy} has at most {most} samples of a problem, too few for pass@{k}; "
                "gate on fewer tries, or generate more samples"
            )
    checks = [_same_protocol(baseline, candidate, strict=strict), _same_problems(baseline, candidate)]
    if all(check.passed for check in checks):
        checks += [
            _no_more_sandbox_errors(baseline, candidate),
            _no_regression(baseline, candidate, k, tolerance, confidence),
        ]
    comparable = all(check.passed or check.decides for check in checks)
    return GateDecision(
        baseline=baseline.policy,
        candidate=candidate.policy,
        benchmark=candidate.conditions.benchmark,
        passed=all(check.passed for check in checks),
        comparable=comparable,
        warnings=slight_differences(baseline.conditions, candidate.conditions),
        checks=tuple(checks),
        lost=tuple(flip for flip in flips(baseline, candidate) if comparable and flip.change < 0),
    )


def _same_protocol(baseline: Result, candidate: Result, *, strict: bool) -> Check:
    found = differences(baseline.conditions, candidate.conditions)
    slight = slight_differences(baseline.conditions, candidate.conditions)
    forbidding = found + slight if strict else found
    alike = f"alike but for {'; '.join(slight)}" if slight else "both were reached under the same conditions"
    return Check(name="protocol", passed=not forbidding, message="; ".join(forbidding) or alike, decides=False)


def _same_problems(baseline: Result, candidate: Result) -> Check:
    before = [tally.task_id for tally in baseline.tallies]
    now = [tally.task_id for tally in candidate.tallies]
    missing, added = sorted(set(before) - set(now)), sorted(set(now) - set(before))
    found = [f"{_named(missing)} missing"] * bool(missing) + [f"{_named(added)} not in the baseline"] * bool(added)
    message = "; ".join(found) if found else f"the same {len(now)} problems"
    return Check(name="problems", passed=not found, message=message, decides=False)


def _named(task_ids: Sequence[str]) -> str:
    more = f" and {len(task_ids) - NAMED} more" if len(task_ids) > NAMED else ""
    return f"{', '.join(task_ids[:NAMED])}{more}"


def _no_more_sandbox_errors(baseline: Result, candidate: Result) -> Check:
    before, now = (result.verdict_counts[Verdict.SANDBOX_ERROR] for result in (baseline, candidate))
    return Check(
        name="sandbox errors",
        passed=now <= before,
        message=f"{now} samples were lost to faults of the sandbox, {before} in the baseline",
    )


def _no_regression(baseline: Result, candidate: Result, k: int, tolerance: float, confidence: float) -> Check:
    name = f"pass@{k}"
    values = paired_values(baseline, candidate, k)
    if not values:
        message = f"no problem has {k} samples or more in both results"
        return Check(name=name, passed=False, message=message, decides=False)
    before, now = (fmean(of_one) for of_one in zip(*values, strict=True))
    # The upper end of a two-sided interval at 2 c - 1 is the one-sided bound at c.
    found = mean_difference([b - a for a, b in values], confidence=2 * confidence - 1)
    return Check(
        name=name,
        passed=found.high >= -tolerance,
        message=(
            f"from {100 * before:.2f} to {100 * now:.2f} over {len(values)} problems: "
            f"{100 * found.value:+.2f} points, at most {100 * found.high:+.2f} with "
            f"{100 * confidence:g} % confidence; tolerated: {100 * tolerance:.2f} worse"
        ),
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
        "Passed", "FAILED" or "CAN'T COMPARE".
    """
    return "Passed" if decision.passed else "FAILED" if decision.comparable else "CAN'T COMPARE"


def _shown(check: Check) -> str:
    return check.verdict if check.passed else f"**{check.verdict.upper()}**"


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
        errors=str(verdicts["can't compare"]),
        skipped="0",
    )
    for check in decision.checks:
        names = {"classname": f"proctor.gate.{decision.benchmark}", "name": check.name}
        case = SubElement(suite, "testcase", {attribute: in_tree(name) for attribute, name in names.items()})
        if check.passed:
            SubElement(case, "system-out").text = in_tree(check.message)
        elif check.decides:
            SubElement(case, "failure", message=in_tree(check.message), type="regression")
        else:
            SubElement(case, "error", message=in_tree(check.message), type="incomparable")
    indent(suite)
    document: bytes = tostring(suite, encoding="utf-8", xml_declaration=True)
    return document + b"\n"
