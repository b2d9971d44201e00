"""Groups are dealt: both outcomes in each, no member twice, as many as there can be."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from trainers.compile.grouping import deal, reservoir, rng_of

COUNTS = st.integers(0, 30)


def dealt(accepted, rejected, size, seed=0, **options):
    """Return the groups of so many accepted (positive numbers) and rejected (negative ones)."""
    right, wrong = range(1, accepted + 1), range(-rejected, 0)
    return list(deal(list(right), list(wrong), size, rng_of(seed, "p00001"), **options))


@given(COUNTS, COUNTS, st.integers(2, 6))
def test_groups_are_sound(accepted, rejected, size):
    """Size, outcomes, and no member in two places."""
    groups = dealt(accepted, rejected, size)
    members = [member for group in groups for member in group]

    assert all(len(group) == size and min(group) < 0 < max(group) for group in groups)
    assert len(set(members)) == len(members)


@given(COUNTS, COUNTS, st.integers(2, 6))
def test_no_further_group_is_possible(accepted, rejected, size):
    """Accepted, rejected or members have run out."""
    groups = dealt(accepted, rejected, size)

    assert len(groups) == min(accepted, rejected, (accepted + rejected) // size)


@given(COUNTS, COUNTS, st.integers(2, 6))
def test_unbalanced_groups_use_up_what_remains(accepted, rejected, size):
    """The balanced groups come first and unchanged; behind them fewer than a group's members are left over."""
    balanced, groups = dealt(accepted, rejected, size), dealt(accepted, rejected, size, unbalanced=True)
    further = groups[len(balanced) :]
    members = [member for group in groups for member in group]

    assert groups[: len(balanced)] == balanced
    assert all(len(group) == size and min(group) * max(group) > 0 for group in further)
    assert len(set(members)) == len(members) > accepted + rejected - size


def test_the_seed_decides():
    """The same seed and problem give the same groups, another seed or problem others."""
    assert dealt(20, 20, 4) == dealt(20, 20, 4)
    assert dealt(20, 20, 4) != dealt(20, 20, 4, seed=1)
    assert rng_of(0, "p00001").random() != rng_of(0, "p00002").random()


def test_the_reservoir_is_fair():
    """Of 5 items 2 are kept: each with chance 2/5, so 800 times in 2000 samples, give or take 4 standard deviations."""
    counts = Counter(item for seed in range(2000) for item in reservoir("abcde", 2, rng_of(seed, "p00001")))

    assert sum(counts.values()) == 4000
    assert all(abs(count - 800) < 4 * 22 for count in counts.values())


def test_a_small_reservoir_keeps_everything():
    """Nothing is sampled where there is room for all."""
    assert reservoir("abc", 5, rng_of(0, "p00001")) == ("a", "b", "c")
