"""Kernels and bytes of a step are counted on tensors that take no memory."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import Qwen2Config

from trainers.config import TrainingOptions
from trainers.plan.flops import Lengths, rows_of
from trainers.plan.launches import KernelCounter, count_step
from trainers.plan.measure import random_model, rows_like, taker

pytestmark = pytest.mark.slow

STEP = (Lengths(prompt=20, completions=(7, 8, 9, 10)), Lengths(prompt=30, completions=(1, 5, 3, 2)))
OPTIONS = {
    "all parameters": TrainingOptions(),
    "bfloat16": TrainingOptions(dtype="bfloat16"),
    "padded rows": TrainingOptions(packing=False),
    "recomputed blocks": TrainingOptions(gradient_checkpointing=True),
    "adapter": TrainingOptions(lora_rank=4, dtype="bfloat16"),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return the folder of a small model's configuration."""
    folder = tmp_path_factory.mktemp("model")
    Qwen2Config(
        hidden_size=64, num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=2, intermediate_size=128,
        vocab_size=512, tie_word_embeddings=True,
    ).save_pretrained(folder)  # fmt: skip
    return str(folder)


def test_views_launch_nothing():
    """By hand: 4 x 4 numbers of 4 bytes; a sum reads and writes 64 bytes, a product reads twice as many."""
    numbers = torch.ones(4, 4)
    with KernelCounter() as kernels:
        torch.mm(numbers.t() + 1, numbers.view(16)[:4].expand(4, 4))

    assert (kernels.launches, kernels.moved) == (2, 2 * 64 + 3 * 64)
    assert (kernels.products, kernels.product_bytes) == (1, 3 * 64)


def test_what_is_changed_in_place_is_read_and_written():
    """By hand: 64 bytes each way, for one tensor and for two in a list."""
    numbers = torch.ones(4, 4)
    with KernelCounter() as kernels:
        numbers.mul_(2.0)
        torch._foreach_mul_([numbers, numbers.clone()], 2.0)

    assert (kernels.launches, kernels.moved) == (3, 128 + 128 + 2 * 128)


def test_memory_that_is_only_taken_launches_nothing():
    """To fill it does."""
    with KernelCounter() as kernels:
        torch.empty(4)
        torch.zeros(4)

    assert (kernels.launches, kernels.moved) == (1, 16)


@pytest.mark.parametrize(("numbers", "launches"), [(100, 1), (320 << 16, 1), ((320 << 16) + 1, 2)])
def test_a_list_of_tensors_takes_as_many_kernels_as_hold_its_numbers(numbers, launches):
    """By hand: 320 blocks of 65,536 numbers each."""
    with FakeTensorMode(), KernelCounter() as kernels:
        torch._foreach_mul_([torch.ones(numbers - 10), torch.ones(10)], 2.0)

    assert kernels.launches == launches


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_model_of_five_blocks_launches_what_one_and_two_blocks_say(model, options):
    """Exactly the kernels, and the bytes to a hundredth; each block adds as many, and each position."""
    take, rows = taker(random_model(model, 5, options, "cpu"), options), rows_like(STEP, options)
    take(rows)
    with KernelCounter() as kernels:
        take(rows)
    counts = count_step(model, 5, STEP, options, compiled=False)
    count, width = rows_of(STEP, options)

    assert counts.launches == (kernels.launches, kernels.launches)
    assert counts.work(count * width, 0).moved == pytest.approx((kernels.moved, kernels.moved), rel=0.01)


def test_compiled_blocks_launch_fewer(model):
    """At least their products, and at most twice as many; what is outside of blocks stays."""
    eager, fused = (count_step(model, 5, STEP, TrainingOptions(), compiled=compiled) for compiled in (False, True))
    least, most = fused.launches

    assert 0 < least < most < eager.launches[0]
