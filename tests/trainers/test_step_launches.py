"""A step launches few kernels, waits for none of them, and holds nothing as large as a square of its row.

Counted is what PyTorch dispatches, views apart: on a GPU each of these is a kernel at least, and here attention is one,
as it is there.
"""

from collections import Counter

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import Qwen2Config, Qwen2ForCausalLM

from trainers import loop
from trainers.config import TrainingOptions
from trainers.dataset import Encoded
from trainers.objective import WeightedLikelihood
from trainers.optimizer import make_optimizer
from trainers.packing import packed
from trainers.policy import made_trainable

pytestmark = pytest.mark.slow

GROUPS = [Encoded((1,) * 20, tuple((2,) * count for count in (7, 8, 9, 10)))] * 2
LAUNCHING_NOTHING = ("empty", "new_empty", "_unsafe_view", "detach", "lift")
WAITING = ("_local_scalar_dense", "nonzero", "equal", "is_nonzero", "index.Tensor", "masked_select")


class Dispatched(TorchDispatchMode):
    """Counts operations by name, and remembers the widest two dimensions of what they return."""

    def __init__(self):
        """Begin with nothing."""
        super().__init__()
        self.names, self.square = Counter(), 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Meet an operation."""
        out = func(*args, **(kwargs or {}))
        self.names[func.name().partition("::")[2]] += not func.is_view
        sizes = [sorted(leaf.shape)[-2:] for leaf in tree_leaves(out) if isinstance(leaf, torch.Tensor)]
        self.square = max([self.square, *(pair[0] for pair in sizes if len(pair) == 2)])
        return out

    @property
    def launches(self):
        """Return how many launch something."""
        return sum(count for name, count in self.names.items() if not name.startswith(LAUNCHING_NOTHING))

    @property
    def waits(self):
        """Return those for which the host would wait."""
        return {name for name, count in self.names.items() if count and name.startswith(WAITING)}


def stepper(layers, options, width=64):
    """Return a function that takes a step of a model of so many layers on some groups."""
    config = Qwen2Config(
        vocab_size=512, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=not options.lora_rank,
    )  # fmt: skip
    model = Qwen2ForCausalLM(config).to(torch.bfloat16 if options.lora_rank else torch.float32)
    made_trainable(model, options)
    objective = WeightedLikelihood(model, chunk=1024, dtype=torch.bfloat16)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = make_optimizer(trained, options)

    def take(groups):
        rows = packed(*groups)
        loss, _ = objective(rows, torch.ones(rows.labels.shape))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return take


@pytest.mark.parametrize(
    ("layers", "options", "most"),
    [
        (24, TrainingOptions(), 4000),
        (28, TrainingOptions(lora_rank=16, lora_dropout=0.05), 8000),
    ],
    ids=["0.5B", "7B with LoRA"],
)
def test_a_step_of_two_groups_launches_few_kernels(layers, options, most):
    """As many layers as the paper's models have, in bfloat16; and the host waits for none."""
    take = stepper(layers, options)
    take(GROUPS)

    with Dispatched() as met:
        take(GROUPS)

    assert met.launches <= most
    assert met.waits == set()


def test_more_groups_launch_no_more_kernels():
    """They are one row."""
    take = stepper(2, TrainingOptions())
    counts = []
    for groups in (GROUPS[:1], GROUPS[:1], GROUPS * 2):
        with Dispatched() as met:
            take(groups)
        counts.append(met.launches - met.names["arange.start"])  # the keys' places, on the CPU

    assert counts[1] == counts[2]


def test_nothing_is_as_large_as_a_square_of_the_row():
    """600 tokens, all other dimensions at most 512."""
    take = stepper(2, TrainingOptions(), width=32)

    with Dispatched() as met:
        take([Encoded((1,) * 100, ((2,) * 251,) * 2)])

    assert met.square <= 512


def test_a_step_of_a_training_waits_for_nothing(run, monkeypatch):
    """Its metrics are read later."""
    step, waits = loop.Loop._step, []  # noqa: SLF001 - what lies between two readings of metrics

    def watched(*given):
        with Dispatched() as met:
            taken = step(*given)
        waits.append(met.waits)
        return taken

    monkeypatch.setattr(loop.Loop, "_step", watched)

    run("out")

    assert waits == [set()] * 5
