"""What the gate lets through and what it stops."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.differences import mean_difference
from leaderboards.gate import Check, GateDecision, judge, junit, summary


def failed(decision):
    """Return the names of the checks that failed."""
    return [check.name for check in decision.checks if not check.passed]


def solved(count, of=100):
    """Return the counts of a result that solved the first `count` of `of` problems."""
    return {str(number): (1, int(number < count)) for number in range(of)}


def test_the_same_again_passes(make_result):
    """Nothing changed, so nothing can be said against it."""
    decision = judge(make_result(solved(50)), make_result(solved(50)))

    assert (decision.passed, failed(decision), decision.lost) == (True, [], ())


def test_a_better_candidate_passes(make_result):
    """Gains don't fail a gate."""
    assert judge(make_result(solved(50)), make_result(solved(70))).passed


def test_a_clear_regression_fails(make_result):
    """Ten of 100 problems lost, none gained: -10/102 + 1.644854 sqrt((11/102 - (10/102)^2) / 102) = -4.70 points."""
    decision = judge(make_result(solved(50)), make_result(solved(40)))

    assert failed(decision) == ["pass@1"]
    found, advice, power = decision.checks[-1].message.split("; ", 2)[0], *decision.checks[-1].message.split("; ")[2:]
    assert found == "from 50.00 to 40.00 over 100 problems: -10.00 points, at most -4.70 with 95 % confidence"
    assert advice == "before you believe it, generate again with another seed and add --confirm"
    assert power.startswith("a true loss of ")
    assert [flip.task_id for flip in decision.lost] == [str(number) for number in range(40, 50)]


def test_only_what_got_worse_is_lost(make_result):
    """Half of a problem lost is; half of one gained, a whole one gained and one unchanged are not."""
    before = make_result({"down": (2, 2), "half up": (2, 0), "up": (2, 0), "same": (2, 1)})
    now = make_result({"down": (2, 1), "half up": (2, 1), "up": (2, 2), "same": (2, 1)})

    assert [flip.task_id for flip in judge(before, now).lost] == ["down"]


def test_exactly_what_is_tolerated_passes(make_result):
    """An upper end of -4.70 points: so much is tolerated, or a billionth less."""
    before, now = make_result(solved(50)), make_result(solved(40))
    high = mean_difference([-1.0] * 10 + [0.0] * 90, confidence=0.9).high

    assert judge(before, now, tolerance=-high).passed
    assert not judge(before, now, tolerance=-high - 1e-9).passed


def test_a_check_that_passed_says_what_was_found(make_result):
    """The conditions, the problems, the losses, and what decided: -10/102 + 1.281552 * 0.031033 = -5.83 points."""
    decision = judge(make_result(solved(50)), make_result(solved(40)), tolerance=0.05, confidence=0.9)

    *conditions, decisive = (check.message for check in decision.checks)
    assert conditions == [
        "all were reached under the same conditions",
        "the same 100 problems",
        "0 samples were lost to faults of the sandbox, 0 in the baseline",
    ]
    assert "points, at most -5.83 with 90 % confidence; tolerated: 5.00 worse; " in decisive


def test_a_drop_within_noise_passes(make_result):
    """Two problems lost: the difference may well be 0."""
    assert judge(make_result(solved(50)), make_result(solved(48))).passed


def test_a_tolerated_drop_passes(make_result):
    """The same ten problems lost, where 5 points are tolerated."""
    assert judge(make_result(solved(50)), make_result(solved(40)), tolerance=0.05).passed


def test_more_confidence_lets_more_pass(make_result):
    """Four of 100 lost, none gained: worse with 95 % confidence, not so with 99.9 %."""
    baseline, candidate = make_result(solved(50)), make_result(solved(46))

    assert failed(judge(baseline, candidate)) == ["pass@1"]
    assert judge(baseline, candidate, confidence=0.999).passed


def test_missing_problems_are_not_compared(make_result):
    """Even if all that remained are solved; the first few are named."""
    decision = judge(make_result(solved(100)), make_result(solved(90, of=90), problems_sha256="0123456789abcdef"))

    assert (failed(decision), decision.comparable) == (["problems"], False)
    assert decision.checks[1].message == "90, 91, 92, 93, 94 and 5 more missing"


@pytest.mark.parametrize(("missing", "named"), [(5, "95, 96, 97, 98, 99"), (6, "94, 95, 96, 97, 98 and 1 more")])
def test_five_problems_are_named(make_result, missing, named):
    """In the order of their ids; of more it is said how many."""
    decision = judge(make_result(solved(100)), make_result(solved(100 - missing, of=100 - missing)))

    assert decision.checks[1].message == f"{named} missing"


def test_added_problems_are_named_in_order(make_result):
    """Not as a set has them."""
    decision = judge(make_result({"0": (1, 1)}), make_result(dict.fromkeys("0dbeca", (1, 1))))

    assert decision.checks[1].message == "a, b, c, d, e not in the baseline"


def test_added_problems_are_not_compared(make_result):
    """They are other problems than those of the baseline."""
    decision = judge(make_result(solved(3, of=3)), make_result(solved(4, of=4)))

    assert decision.checks[1] == Check(name="problems", passed=False, message="3 not in the baseline", decides=False)
    assert not decision.comparable


def test_no_problem_in_common_is_not_compared(make_result):
    """It is reported as a check, so that the job has its report."""
    decision = judge(make_result({"1": (1, 1)}), make_result({"2": (1, 1)}))

    assert (failed(decision), decision.lost) == (["problems"], ())


def test_samples_lost_to_the_sandbox_leave_nothing_to_compare(make_result):
    """pass@10 of one sample is undefined; that there were ten of each problem makes it a finding, not a mistake."""
    baseline, candidate = (make_result(solved(1), samples=10) for _ in range(2))
    decision = judge(baseline, candidate, k=10)

    assert decision.checks[-1].message == "no problem has 10 samples or more in all results"
    assert (decision.passed, decision.comparable) == (False, False)


@pytest.mark.parametrize(("before", "now"), [(0, 1), (2, 2), (1, 0)])
def test_samples_lost_nobody_knows_where_leave_it_undecided(make_result, before, now):
    """What the sandbox lost might have been the regression: not a regression, and not passed."""
    decision = judge(make_result(solved(50), sandbox_errors=before), make_result(solved(50), sandbox_errors=now))

    assert (decision.passed, decision.decided, decision.comparable) == (False, False, True)
    assert failed(decision) == ["sandbox errors"]


def test_another_protocol_is_not_compared(make_result):
    """Numbers reached under other conditions say nothing."""
    decision = judge(make_result(solved(50)), make_result(solved(50), extraction="fence"))

    assert (failed(decision), decision.comparable) == (["protocol"], False)
    assert decision.checks[0].message == "extraction: whole against fence"


def test_several_samples_are_judged_by_problem(make_result):
    """Ten samples of each of 50 problems, two fewer accepted everywhere: no doubt."""
    before = {str(number): (10, 5) for number in range(50)}
    now = {str(number): (10, 3) for number in range(50)}

    assert failed(judge(make_result(before), make_result(now))) == ["pass@1"]


def test_the_summary(make_result):
    """A row for each check, then what got worse."""
    text = summary(judge(make_result(solved(50), policy="a|b"), make_result(solved(40), policy="<new>")))

    assert text.startswith("## FAILED: &lt;new&gt; against a\\|b on toy\n")
    assert "| pass@1         | **FAILED** | from 50.00 to 40.00" in text
    assert "10 problems got worse; the largest changes:" in text
    assert "| 40      | 1/1    | 0/1 |" in text


def test_the_summary_shows_the_twenty_largest_changes(make_result):
    """Of 21 problems lost the last isn't shown; of none there is no table."""
    text = summary(judge(make_result(solved(50)), make_result(solved(29))))

    assert "21 problems got worse" in text
    assert ("| 48 " in text, "| 49 " in text) == (True, False)
    assert "got worse" not in summary(judge(make_result(solved(50)), make_result(solved(50))))


def test_junit(make_result):
    """One test case a check; the failed one carries its message."""
    suite = ET.fromstring(junit(judge(make_result(solved(50)), make_result(solved(40)))))  # noqa: S314 - our own

    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "4", "1")
    assert [case.get("name") for case in suite] == ["protocol", "problems", "sandbox errors", "pass@1"]
    assert suite[3].find("failure").get("message").startswith("from 50.00 to 40.00")
    assert [case.find("failure") is None for case in suite] == [True, True, True, False]
    assert suite[1].find("system-out").text == "the same 100 problems"


def test_what_cannot_be_compared_is_an_error_in_junit(make_result):
    """Not a failure: nothing is said against the candidate."""
    decision = judge(make_result(solved(50)), make_result(solved(50), extraction="fence"))
    suite = ET.fromstring(junit(decision))  # noqa: S314 - our own

    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    assert suite[0].find("error").get("message") == "extraction: whole against fence"


@given(st.text(), st.text())
def test_junit_is_xml_whatever_the_names(policy, message):
    """Characters that XML can't hold are replaced."""
    decision = GateDecision(
        baseline=policy,
        candidate=policy,
        benchmark=policy,
        passed=False,
        checks=(Check(name="protocol", passed=False, message=message),),
        lost=(),
    )

    assert ET.fromstring(junit(decision)).get("failures") == "1"  # noqa: S314
