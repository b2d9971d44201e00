"""What an examination will take, with sums done by hand."""

import msgspec
import pytest

from harness.plan import ExaminationSize, ProblemMeasurements, Range, forecast_examination

ASKED = ExaminationSize(
    problems=100, n=10, max_tokens=500, parameters=7e9, nodes=4, cores_per_node=5, gpus_per_node=2
)  # fmt: skip
MEASURED = ProblemMeasurements(
    prompt_chars=1000.0, prompt_tokens=Range(200.0, 400.0), reference_chars=300.0, reference_tokens=Range(60.0, 120.0),
    judged=50, core_s=0.036, limit_s=4.0, evaluation_bytes=400.0,
)  # fmt: skip


def test_tokens_go_from_one_prompt_a_problem_to_one_a_sample_and_from_a_reference_to_the_longest():
    """100 x 200 to 1000 x 400; 1000 x 60 to 1000 x 500."""
    found = forecast_examination(ASKED, MEASURED)

    assert (found.samples, found.prompt_tokens, found.completion_tokens) == (1000, (20000, 400000), (60000, 500000))


def test_gpu_hours_of_an_a100():
    """At best prompts 20 k x 14 G / (0.6 x 312 T) = 1.496 s, and 60 k tokens, 256 a step of 256 x 14 G / 187.2 T =
    19.15 ms, 4.487 s. At worst 400 k x 14 G / (0.25 x 312 T) = 71.79 s, and 500 k, 32 a step of 14 GB / (0.5 x 2 TB/s)
    = 14 ms, 218.75 s.
    """  # noqa: D205 - a sum in lines
    a100 = forecast_examination(ASKED, MEASURED).gpus[0]

    assert a100.hours.low * 3600 == pytest.approx(1.496 + 4.487, abs=0.002)
    assert a100.hours.high * 3600 == pytest.approx(71.79 + 218.75, abs=0.01)
    assert a100.devices_at_least == 1


def test_a_model_that_is_larger_than_a_device_needs_several():
    """72 G weights of 2 bytes are 144 GB; of 80 GB they may take 56, of 141 GB 98.7, of 48 GB 33.6."""
    found = forecast_examination(msgspec.structs.replace(ASKED, parameters=72e9), MEASURED)

    assert [gpu.devices_at_least for gpu in found.gpus] == [3, 3, 2, 5]


def test_judging_takes_what_references_take_and_five_percent_of_limits():
    """1000 x 36 ms = 36 s to 1000 x (36 + 0.05 x 4000) ms = 236 s, over 20 cores 1.8 to 11.8 s."""
    found = forecast_examination(ASKED, MEASURED)

    assert [hours * 3600 for hours in found.core_hours] == pytest.approx([36, 236])
    assert [hours * 3600 for hours in found.judging_hours] == pytest.approx([1.8, 11.8])


def test_one_writer_bounds_what_many_nodes_can_do():
    """1000 samples at 4000 a second are 0.25 s, however many nodes there are."""
    found = forecast_examination(msgspec.structs.replace(ASKED, nodes=10_000), MEASURED)

    assert [hours * 3600 for hours in found.judging_hours] == pytest.approx([0.25, 0.25])


def test_disk_holds_prompt_completion_and_evaluation():
    """1000 x (1000 + 300 + 400 and 300 or 500 x 4.5 characters)."""
    assert forecast_examination(ASKED, MEASURED).disk_bytes == pytest.approx((2.0e6, 3.95e6))


def test_without_references_judging_is_unknown():
    """And completions have at least a tenth of their longest."""
    bare = msgspec.structs.replace(MEASURED, reference_chars=None, reference_tokens=None, core_s=None)

    found = forecast_examination(ASKED, bare)

    assert (found.core_hours, found.judging_hours, found.completion_tokens) == (None, None, (50000, 500000))
