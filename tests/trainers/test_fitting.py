"""How a step is taken follows from a forecast of its memory: whole, in parts, or with recomputed blocks."""

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from paper_models import write_config

from harness.errors import UserError
from trainers.config import TrainingOptions, read_recipe
from trainers.fitting import Fit, Fitter, device_room_bytes, fit_step, split_evenly
from trainers.plan.flops import Lengths
from trainers.plan.memory import step_memory
from trainers.plan.sizes import sizes_of

pytestmark = pytest.mark.slow

FOUR = [Lengths(prompt=400 + 10 * number, completions=(190,) * 4) for number in range(4)]
A_GPU = 80 * 10**9


@pytest.fixture(scope="module", params=["paper-0.5b", "paper-7b"])
def paper(request, tmp_path_factory):
    """Return the sizes and the options of a recipe."""
    folder = tmp_path_factory.mktemp("model")
    return sizes_of(write_config(request.param, folder)), read_recipe(request.param)


def needed(paper, groups, *, recompute):
    """Return the bytes that a row of groups needs."""
    sizes, options = paper
    return step_memory(sizes, groups, msgspec.structs.replace(options, gradient_checkpointing=recompute)).total


def fit(paper, room_bytes, shares=(FOUR,), *, sharded=False, **changed):
    """Return how a step is taken in so much memory."""
    sizes, options = paper
    return fit_step(sizes, shares, msgspec.structs.replace(options, **changed), room_bytes, sharded=sharded)


def test_the_papers_steps_are_whole_and_keep_what_they_need(paper):
    """Two groups of CodeNet's lengths, on the paper's GPU."""
    assert fit(paper, A_GPU, [FOUR[:2]]) == Fit(parts=1, recompute=False)


def test_a_step_that_is_too_large_is_split_before_blocks_are_recomputed(paper):
    """Room for two groups, then for one, then for four recomputed; then for nothing."""
    two, one = (needed(paper, FOUR[-count:], recompute=False) for count in (2, 1))
    least = needed(paper, FOUR[-1:], recompute=True)

    assert fit(paper, two) == Fit(parts=2, recompute=False)
    assert fit(paper, one) == Fit(parts=4, recompute=False)
    assert fit(paper, one - 1).recompute
    assert fit(paper, least) == Fit(parts=4, recompute=True)
    assert fit(paper, least - 1) is None


def test_what_the_options_say_is_done(paper):
    """On: always; off: never, however little room there is."""
    assert fit(paper, A_GPU, gradient_checkpointing=True) == Fit(parts=1, recompute=True)
    assert fit(paper, needed(paper, FOUR[-1:], recompute=True), gradient_checkpointing=False) is None


def test_padded_rows_are_a_group_at_a_time(paper):
    """They are the reference."""
    assert fit(paper, A_GPU, packing=False) == Fit(parts=4, recompute=False)


def test_all_processes_take_as_many_parts(paper):
    """The one with the longest groups decides; of a model that is shared out, each holds its part."""
    short = [Lengths(prompt=9, completions=(9,) * 4)] * 4
    two = needed(paper, FOUR[-2:], recompute=False)
    held = step_memory(paper[0], FOUR[-2:], paper[1])
    of_one = held.weights + held.gradients + held.moments

    room = two + held.gradients  # which data parallel holds twice
    assert fit(paper, room, [short, FOUR]) == fit(paper, room, [FOUR, short]) == Fit(parts=2, recompute=False)
    assert fit(paper, room - 1, [short, FOUR]) != Fit(parts=2, recompute=False)
    assert fit(paper, two - of_one // 2 + 9, [short, FOUR], sharded=True) == Fit(parts=2, recompute=False)


@given(st.text(min_size=1), st.data())
def test_parts_are_even_and_lose_nothing(items, data):
    """In order, none empty, and sizes differ by one at most."""
    parts = split_evenly(items, data.draw(st.integers(1, len(items))))

    assert "".join(parts) == items
    assert 1 <= max(map(len, parts)) <= min(map(len, parts)) + 1


def test_a_group_that_never_fits_is_refused_before_the_first_step(tmp_path):
    """By the name of its problem; whoever says on or off has decided it."""
    name = write_config("paper-0.5b", tmp_path)
    lengths = [FOUR[0], Lengths(prompt=10**6, completions=(10**6,) * 4)]
    sizes = {"room_bytes": 20 * 10**9, "processes": 1, "sharded": False}
    options = read_recipe("paper-0.5b")

    with pytest.raises(UserError, match=r"problem p2: .* needs more than the 20 GB .* --max-tokens"):
        Fitter(name, lengths, options, **sizes).refuse_longest(["p1", "p2"])
    chosen = msgspec.structs.replace(options, gradient_checkpointing=True)
    Fitter(name, lengths, chosen, **sizes).refuse_longest(["p1", "p2"])
    assert Fitter(name, lengths, chosen, **sizes).fit([0, 1]) == Fit(parts=2, recompute=True)


def test_a_model_of_another_kind_is_taken_whole(tmp_path):
    """Nothing is known of its memory; recomputed where the options say so."""
    (tmp_path / "config.json").write_text('{"model_type": "mamba"}')
    sizes = {"room_bytes": 1, "processes": 1, "sharded": False}
    for chosen, recompute in (("auto", False), (True, True), (False, False)):
        options = TrainingOptions(gradient_checkpointing=chosen)
        assert Fitter(str(tmp_path), FOUR, options, **sizes).fit([0, 1]) == Fit(1, recompute)


def test_a_machine_has_room():
    """At least a hundred megabytes, and no more than a petabyte."""
    assert 10**8 < device_room_bytes(torch.device("cpu")) < 10**15
