"""Compiled blocks: the same gradient, compiled once for rows of any length, with blocks kept or recomputed.

Traced and differentiated as for a GPU, and run without its code generator, which takes minutes.
"""

import random
from functools import partial

import pytest
import torch
from torch._dynamo.utils import counters
from transformers import AutoModelForCausalLM

from trainers import objective
from trainers.config import TrainingOptions
from trainers.dataset import Encoded
from trainers.objective import WeightedLikelihood
from trainers.packing import packed
from trainers.policy import made_trainable, recompute_blocks

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _without_code(monkeypatch):
    """Compile up to the graphs of both passes, with nothing left of another test's."""
    torch.compiler.reset()
    counters.clear()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    yield
    torch.compiler.reset()


def row_of(seed, groups):
    """Return a row of groups of random lengths."""
    draw = random.Random(seed)  # noqa: S311 - no secret

    def tokens(least, most):
        return tuple(draw.randrange(1, 200) for _ in range(draw.randrange(least, most)))

    return packed(*(Encoded(tokens(9, 40), tuple(tokens(2, 30) for _ in range(4))) for _ in range(groups)))


def gradient(policy, row):
    """Return the gradient of all that is trained, and forget it."""
    loss, _ = policy(row, torch.ones(row.labels.shape))
    loss.backward()
    found = torch.cat([weight.grad.flatten() for weight in policy.parameters() if weight.requires_grad])
    policy.zero_grad()
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("lora_rank", [0, 4])
def test_compiled_blocks_have_the_same_gradient_and_are_compiled_once(tiny_base, lora_rank):
    """Rows of one to three groups of other lengths make no graph more; to recompute them takes one of its own."""
    model = AutoModelForCausalLM.from_pretrained(tiny_base)
    made_trainable(model, TrainingOptions(lora_rank=lora_rank, lora_dropout=0.0))
    policy = WeightedLikelihood(model, chunk=50, dtype=torch.float32)
    expected = gradient(policy, row_of(0, 2))
    policy.compile_parts()

    for recompute in (False, True):
        recompute_blocks(model, on=recompute)
        assert (gradient(policy, row_of(0, 2)) - expected).norm() <= 1e-5 * expected.norm()
        graphs = counters["stats"]["unique_graphs"]
        for seed in range(1, 7):
            gradient(policy, row_of(seed, 1 + seed % 3))
        assert counters["stats"]["unique_graphs"] == graphs > 0
        assert not counters["graph_break"]


@pytest.mark.parametrize(("chosen", "compiled"), [("auto", False), ("on", True), ("off", False)])
def test_training_compiles_where_it_is_told_to(run, monkeypatch, chosen, compiled):
    """On a CPU by itself it doesn't."""
    called = []
    monkeypatch.setattr(objective.WeightedLikelihood, "compile_parts", lambda _policy: called.append(1))

    run("out", TrainingOptions(compile=chosen, max_steps=1))

    assert bool(called) == compiled
