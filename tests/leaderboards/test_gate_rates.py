"""How often the gate is wrong, on fewer simulated pairs than tests/bench/bench_gate.py puts through it."""

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCH = Path(__file__).parent.parent / "bench" / "bench_gate.py"


@pytest.fixture(scope="module")
def bench():
    """Import the benchmark."""
    spec = importlib.util.spec_from_file_location("bench_gate", BENCH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("place", [1, 4], ids=["n = 1", "n = 10"])
def test_false_alarms_are_as_rare_as_the_confidence_says(bench, place):
    """3-7 % of 400 pairs where nothing got worse are stopped; the plain 1-point rule stops more than 10 %."""
    found = bench.rates(bench.SETTINGS[place], 0.0, pairs=400)

    assert 0.03 <= found.gate <= 0.07
    assert found.plain_rule > 0.10


@pytest.mark.parametrize("place", [1, 4], ids=["n = 1", "n = 10"])
def test_a_drop_of_four_points_is_caught(bench, place):
    """In at least 80 % of 100 pairs."""
    assert bench.rates(bench.SETTINGS[place], 0.04, pairs=100).gate >= 0.8
