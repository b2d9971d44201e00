"""Problems that change together: the unit of tests and intervals is then their family."""

import itertools
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.api import OLS

from harness.runs.records import Tally
from harness.scoring.clusters import between_families, families_of, family_sums, unit_text
from harness.scoring.differences import mean_difference
from leaderboards.compare import compare, comparison_markdown
from leaderboards.contrast import contrast
from leaderboards.gate import judge
from leaderboards.paired import p_value
from leaderboards.seeds import seed_difference, variance_split
from leaderboards.table import TableEntry, tabulate

TENTHS = st.integers(-10, 10).map(lambda tenths: Fraction(tenths, 10))
FEW = st.lists(st.tuples(TENTHS, st.integers(0, 5)), min_size=1, max_size=14)


def rows(*solved, families=()):
    """Return a row for each text of 0 and 1, a digit a problem with one sample."""
    return [
        [
            Tally(task_id=str(place), difficulty="", kind="call", n=1, c=int(digit), family=family)
            for place, (digit, family) in enumerate(zip(digits, families or [""] * len(digits), strict=True))
        ]
        for digits in solved
    ]


@pytest.fixture
def in_pairs(make_result):
    """Return a function that makes a result from a text of 0 and 1, where two problems each are a family."""

    def make(digits, policy="m"):
        result = make_result({str(place): (1, int(digit)) for place, digit in enumerate(digits)}, policy=policy)
        tallies = (
            msgspec.structs.replace(tally, family=f"contest {place // 2}") for place, tally in enumerate(result.tallies)
        )
        return msgspec.structs.replace(result, tallies=tuple(tallies))

    return make


def test_problems_without_a_family_are_families_of_their_own():
    """Whatever their names: one named as a family is not of it."""
    tallies = [
        Tally(task_id=task_id, difficulty="", kind="call", n=1, c=0, family=family)
        for task_id, family in [("1", "a"), ("2", "a"), ("a", ""), ("4", "b"), ("5", "")]
    ]

    first, second, *others = families_of([tallies])

    assert first == second
    assert len({first, *others}) == 4


@pytest.mark.parametrize("families", [["", "", ""], ["a", "b", "c"], ["a", "", "c"]])
def test_families_of_one_problem_each_are_no_families(families):
    """The unit is the problem then, and is called so."""
    assert families_of(rows("000", families=families)) == ()


def test_a_result_without_families_takes_those_of_the_other():
    """As one of an older version has none."""
    assert families_of([*rows("00"), *rows("01", families=["a", "a"])]) == [("a", 0), ("a", 0)]


def test_six_problems_of_three_families_are_three_units():
    """All gained: 2 of 2^6 choices of signs by problem, 2 of 2^3 by family."""
    alone = contrast(rows("000000"), rows("111111"), 1)
    together = contrast(rows("000000", families="aabbcc"), rows("111111", families="aabbcc"), 1)

    assert (alone.p, alone.families) == (2 / 64, 0)
    assert (together.p, together.families, together.value) == (2 / 8, 3, 1.0)


def test_changes_within_a_family_cancel():
    """+1 and -1 in each of four families: no sum differs from 0. With +1 in a fifth one does, in either direction."""
    a, b, families = "01010101", "10101010", "ssttuuvv"

    assert contrast(rows(a, families=families), rows(b, families=families), 1).p == 1.0
    assert contrast(rows(f"{a}0", families=f"{families}w"), rows(f"{b}1", families=f"{families}w"), 1).p == 1.0


@given(FEW)
def test_the_test_is_the_share_of_all_choices_of_a_sign_for_each_family(problems):
    """All problems of a family turn together."""
    differences, families = zip(*problems, strict=True)
    sums = [sum(d for d, family in problems if family == one) for one in dict.fromkeys(families)]
    choices = [abs(sum(signed)) for signed in itertools.product(*((total, -total) for total in sums))]

    found = p_value(family_sums(differences, families))

    assert found == pytest.approx(sum(total >= abs(sum(sums)) for total in choices) / len(choices), rel=1e-12)


@given(st.lists(TENTHS, min_size=1, max_size=20))
def test_families_of_one_problem_each_give_the_test_by_problem(differences):
    """The sums are the differences."""
    assert family_sums(differences, range(len(differences))) == family_sums(differences, ()) == differences


@given(FEW.filter(lambda problems: len({family for _, family in problems}) > 1))
def test_the_variance_between_families_is_that_of_statsmodels(problems):
    """Of a mean, robust to clusters, with the correction for their number."""
    values, families = (np.array(column, dtype=float) for column in zip(*problems, strict=True))
    fitted = OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": families})

    squares, units = between_families(values - values.mean(), families.tolist())

    assert squares / len(values) ** 2 == pytest.approx(fitted.cov_params()[0, 0], abs=1e-12)
    assert units == len(set(families))


def test_the_interval_of_a_difference_by_hand():
    """Eight problems, four families: +1 +1, +1 +1, -1 -1, 0 0; with two more the centre is 2/10.

    By problem: the squares are 6 and 1 of the two more, so (7/10 - 0.2^2) / 10 = 0.066. By family: deviations of .8 .8,
    .8 .8, -1.2 -1.2 and -.2 -.2 add up to 1.6, 1.6, -2.4 and -.4, whose squares are 11.04, times 4/3 is 14.72. That is
    9.2 more than the 5.52 of the problems. Three degrees of freedom: (1.95996 / 3.18245)^2 = 0.37929, so 9.2 / 0.37929
    / 10^2 = 0.24256 is added.
    """
    changes = [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 0.0, 0.0]

    found = mean_difference(changes, families="aabbccdd")

    assert mean_difference(changes).standard_error ** 2 == pytest.approx(0.066)
    assert found.standard_error**2 == pytest.approx(0.066 + 0.24256, rel=1e-4)
    assert found.value == 0.25


def test_families_that_differ_within_only_change_no_interval():
    """Each gains one and loses one, so they are all alike: the problems' own variance stays."""
    changes = [1.0, -1.0] * 10

    assert mean_difference(changes, families=[place // 2 for place in range(20)]) == mean_difference(changes)


def test_one_family_tells_nothing_of_others():
    """Whether a checkpoint or seeds of a method are compared."""
    of_seeds = seed_difference(np.zeros((3, 4)), np.ones((3, 4)), families="aaaa")

    assert mean_difference([1.0] * 4, families="aaaa")[2:] == (-1.0, 1.0)
    assert (of_seeds.low, of_seeds.high, of_seeds.p) == (-1.0, 1.0, 1.0)


def test_seeds_vary_over_families_too():
    """Four problems of two families that go apart, equal in all seeds: +1 +1 and 0 0.

    By problem 1/3 over 4; by family deviations sum to 1 and -1, so 2 * 2 over 16 is 1/4.
    """
    a, b = np.zeros((3, 4)), np.tile([1.0, 1.0, 0.0, 0.0], (3, 1))

    assert variance_split(a, b).problem == pytest.approx(1 / 12)
    assert variance_split(a, b, families="xxyy").problem == pytest.approx(1 / 4)
    assert seed_difference(a, b, families="xxyy").standard_error == pytest.approx(1 / 2)
    assert seed_difference(a, b, families="xxyy").df == pytest.approx(1.0)


def test_a_comparison_names_its_unit(in_pairs, make_result):
    """And that fewer than six units can't show a difference."""
    plain = [make_result({str(place): (1, c) for place in range(12)}) for c in (0, 1)]
    paired = [in_pairs(digit * 12) for digit in "01"]
    few = [in_pairs(digit * 10) for digit in "01"]

    texts = [comparison_markdown(compare(*sides), [Path(), Path()], 1) for sides in (plain, paired, few)]

    assert "The unit of tests and intervals is the problem." in texts[0]
    assert "the family of problems, such as a contest: 6 in all." in texts[1]
    assert "5 in all; fewer than 6 give no p below 0.05." in texts[2]


def test_a_table_takes_families_for_units(in_pairs, make_result):
    """Eight of ten lost, p = 2/256 by problem; they are four of five families, p = 2/16, and there is no sign."""
    alone = [
        make_result({str(place): (1, int(d)) for place, d in enumerate(text)}) for text in ("1" * 10, "0" * 8 + "11")
    ]
    paired = [in_pairs("1" * 10), in_pairs("0" * 8 + "11")]

    (by_problem,), (by_family,) = (
        tabulate(
            [
                TableEntry(method=name, model="", result=result, run=Path())
                for name, result in (("base", base), ("far", far))
            ]
        )
        for base, far in (alone, paired)
    )

    assert [table.rows[1].cells[0].signs for table in (by_problem, by_family)] == [" ▼ †", " ▼"]
    assert "paired by problem, 5 families of them being the units, and corrected" in " ".join(by_family.notes)


def test_a_gate_takes_families_for_units(in_pairs, make_result):
    """Of 40 problems 8 are lost: a regression, but not where they are four of twenty contests."""
    counts = [{str(place): (1, int(place >= lost)) for place in range(40)} for lost in (0, 8)]
    by_problem = judge(*map(make_result, counts))
    by_family = judge(in_pairs("1" * 40), in_pairs("0" * 8 + "1" * 32))

    assert "over 40 problems:" in by_problem.checks[-1].message
    assert "over 40 problems of 20 families:" in by_family.checks[-1].message
    found = [
        float(decision.checks[-1].message.split("a true loss of ")[1].split()[0])
        for decision in (by_problem, by_family)
    ]
    assert found[1] > found[0]


def test_units_are_named_where_there_are_families():
    """For a message."""
    assert (unit_text(180, 60), unit_text(180, 0)) == ("180 problems of 60 families", "180 problems")


def test_equal_policies_differ_in_5_percent_where_families_change_together():
    """Of 400 worlds with 20 families of 8 problems: 2-8 % by family, by problem more than a fifth."""
    rng = np.random.default_rng(20)
    families = [place // 8 for place in range(160)]
    alarms = np.zeros(2)
    for _ in range(400):
        shift = np.repeat(rng.integers(-2, 3, size=20), 8)
        changes = [Fraction(int(tenths), 10) for tenths in shift + rng.integers(-3, 4, size=160)]
        alarms += [p_value(changes) < 0.05, p_value(family_sums(changes, families)) < 0.05]

    by_problem, by_family = alarms / 400
    assert by_problem > 0.2
    assert 0.02 <= by_family <= 0.08
