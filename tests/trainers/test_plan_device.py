"""Seconds of a step follow from its work and the ranges of a device."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.config import TrainingOptions
from trainers.plan.device import PassCounts, StepCounts, StepWork, TrainingDevice, a100, step_time

DEVICE = TrainingDevice(
    name="a hand", operations_per_s=(10.0, 20.0), bytes_per_s=(5.0, 10.0), launch_s=(0.1, 0.5), why="counted"
)
PASS = PassCounts(launches=(7, 9), fixed_bytes=(100, 200), position_bytes=(3, 5))
COUNTS = StepCounts(
    kept=PASS, recomputed=msgspec.structs.replace(PASS, launches=(70, 90)), update_launches=2, update_bytes=1000
)
AMOUNTS = st.integers(0, 10**15)
RANGES = st.tuples(AMOUNTS, AMOUNTS).map(lambda ends: tuple(sorted(ends)))


@pytest.mark.parametrize(
    ("work", "least", "most"),
    [
        (StepWork(launches=(100, 200), operations=10, moved=(10, 20)), 10, 100),
        (StepWork(launches=(1, 2), operations=1000, moved=(10, 20)), 50, 100),
        (StepWork(launches=(1, 2), operations=10, moved=(300, 700)), 30, 140),
        (StepWork(launches=(100, 100), operations=1000, moved=(300, 700)), 50, 140),
    ],
    ids=["launches", "operations", "bytes", "one at best and another at worst"],
)
def test_the_slowest_cause_decides(work, least, most):
    """By hand: launches at 0.1 or 0.5 s, operations at 20 or 10 a second, bytes at 10 or 5."""
    assert step_time(work, DEVICE).whole == (least, most)


def test_each_cause_is_told():
    """By hand, as above."""
    told = step_time(StepWork(launches=(100, 200), operations=1000, moved=(300, 700)), DEVICE)

    assert (told.launches, told.operations, told.moved) == ((10, 100), (50, 100), (30, 140))


def test_a_measured_speed_holds_launches_and_bytes():
    """Only operations count where the speed was measured on whole steps."""
    device = TrainingDevice(name="this", operations_per_s=(4.0, 4.0), why="measured")

    assert step_time(StepWork(launches=(9, 9), operations=8, moved=(9, 9)), device).whole == (2, 2)


def test_bytes_grow_with_positions_and_launches_do_not():
    """By hand: 100 + 3 x 10 and 200 + 5 x 10, and 1000 of the update."""
    assert COUNTS.work([10], 1, recompute=False) == StepWork(launches=(9, 11), operations=1, moved=(1130, 1250))


def test_each_pass_launches_again_and_the_update_once():
    """By hand: three passes over 2 + 3 + 5 positions that compute their blocks again, and one update."""
    work = COUNTS.work([2, 3, 5], 1, recompute=True)

    assert work == StepWork(launches=(212, 272), operations=1, moved=(300 + 30 + 1000, 600 + 50 + 1000))


def test_passes_without_a_gradient_come_on_top():
    """By hand: two passes over 2 + 3 positions, the second of them once more, and one update."""
    ahead = PassCounts(launches=(1, 2), fixed_bytes=(10, 20), position_bytes=(4, 6))

    work = msgspec.structs.replace(COUNTS, ahead=ahead).work([2, 3], 1, recompute=False, ahead=[3])

    assert work == StepWork(launches=(14 + 2 + 1, 18 + 2 + 2), operations=1, moved=(1215 + 22, 1425 + 38))


@given(launches=RANGES, operations=AMOUNTS, moved=RANGES)
def test_the_least_is_never_above_the_most(launches, operations, moved):
    """Whatever the work, and no cause takes longer than the whole."""
    told = step_time(StepWork(launches=launches, operations=operations, moved=moved), a100(TrainingOptions()))

    assert told.whole[0] <= told.whole[1]
    assert told.whole == tuple(map(max, zip(told.launches, told.operations, told.moved, strict=True)))


def test_an_a100_is_faster_in_bfloat16():
    """Sixteen times by its data sheet, with the same memory and the same host."""
    wide, narrow = a100(TrainingOptions()), a100(TrainingOptions(dtype="bfloat16"))

    assert [round(fast / slow) for slow, fast in zip(wide.operations_per_s, narrow.operations_per_s, strict=True)] == [
        16,
        16,
    ]
    assert (wide.bytes_per_s, wide.launch_s, wide.memory_bytes) == (
        narrow.bytes_per_s,
        narrow.launch_s,
        narrow.memory_bytes,
    )
    assert msgspec.json.decode(msgspec.json.encode(narrow))["memory_bytes"] == 80_000_000_000
