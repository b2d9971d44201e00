"""Steps are prepared ahead: the tensors of each, in one piece of memory, made while the one before is in use."""

import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainers.batches import Parcel, ProcessPlace, StepMaker, Weigher, part_of
from trainers.config import TrainingOptions
from trainers.dataset import Encoded, Weighted
from trainers.fitting import Fit
from trainers.groups import Group
from trainers.methods import leave_one_out
from trainers.trainer import TrainingMethod

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
WEIGHER = Weigher(TrainingMethod("rloo", leave_one_out), TrainingOptions())
TYPES = st.sampled_from([torch.bool, torch.int32, torch.int64, torch.float32, torch.float64, torch.bfloat16])
TENSORS = st.builds(
    lambda kind, shape: torch.arange(torch.Size(shape).numel()).reshape(shape).to(kind),
    TYPES, st.lists(st.integers(0, 4), max_size=3),
)  # fmt: skip


def group(number):
    """Return a group of two texts with its weights."""
    texts = {"completions": ("a", "b"), "statuses": ("Accepted", "Wrong Answer"), "source_ids": ("s1", "s2")}
    return Weighted(Group(problem_id=f"p{number}", prompt="x", rewards=(1.0, -0.1), **texts), (0.5, -0.5))


class Halves:
    """Fits each step into so many parts."""

    def __init__(self, parts):
        """Take their number."""
        self.parts = parts

    def fit(self, _numbers):
        """Return it."""
        return Fit(self.parts, recompute=False)

    def least(self, numbers):
        """Return a part for each group."""
        return Fit(len(numbers), recompute=True)


def maker(parts=1, encoder=lambda _group: Encoded((5, 6), ((7, 0), (8, 9, 0)))):
    """Return a maker of steps of two groups out of three."""
    return StepMaker([group(number) for number in range(3)], encoder, Halves(parts), WEIGHER, ProcessPlace(0, 1, CPU))


@given(st.lists(TENSORS, min_size=1, max_size=6))
def test_a_parcel_gives_back_what_was_put_in(tensors):
    """Any types and shapes, none of them in the way of another, with what is no tensor as it was."""
    tree = (tensors[0], ("text", 7, tuple(tensors[1:])))

    first, (*plain, others) = Parcel(tree, pinned=False).opened(CPU)

    assert plain == ["text", 7]
    for found, tensor in zip((first, *others), tensors, strict=True):
        assert (found.dtype, found.shape) == (tensor.dtype, tensor.shape)
        assert torch.equal(found, tensor)


def test_a_part_by_hand():
    """Two tokens of an accepted completion and three of another; weights are halves of halves: two share the loss."""
    chosen = [(group(0), Encoded((5, 6), ((7, 0), (8, 9, 0))))]

    part = part_of(chosen, WEIGHER.weighed(chosen, 0.5, 0.0), packing=True)

    assert part.weights.tolist() == [0.125, 0.125, -0.125, -0.125, -0.125]
    assert part.kinds.tolist() == [[1, 1, 0, 0, 0], [0, 0, 1, 1, 1]]
    assert part.counts.tolist() == [1, 1, 7]
    assert part.rows.input_ids.tolist() == [[5, 6, 7, 8, 9]]


@pytest.mark.parametrize(("parts", "prompts"), [(1, [2]), (2, [1, 1])])
def test_a_step_is_one_row_or_parts(parts, prompts):
    """Whose weights are those of the whole."""
    step = maker(parts).made(0)

    assert [sum(not run.prompt_tokens for run in part.rows.spans.runs) for part in step.parts] == prompts
    assert torch.cat([part.weights for part in step.parts]).abs().tolist() == [0.125] * 10
    assert len(maker().made(0, least=True).parts) == 2


def test_steps_are_made_one_ahead_in_another_thread():
    """While the first is in use the second is made, and not the third; those that are asked for come in order."""
    made, second = [], threading.Event()

    def encoder(_group):
        made.append(threading.current_thread())
        if len(made) == 4:
            second.set()
        return Encoded((5,), ((7, 0), (8, 0)))

    steps = maker(encoder=encoder).ahead(range(3, 6))
    next(steps)

    assert second.wait(60)
    assert len(made) == 4
    assert threading.current_thread() not in made
    assert len(list(steps)) == 2
    assert len(made) == 6
    assert list(maker().ahead(range(5, 5))) == []
