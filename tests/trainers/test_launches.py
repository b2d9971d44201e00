"""Kernels and bytes of a step are counted on tensors that take no memory."""

import pytest
import torch
from paper_models import write_config
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import Qwen2Config

from trainers.config import TrainingOptions, read_recipe
from trainers.plan.flops import Lengths, rows_of
from trainers.plan.launches import KernelCounter, count_step, counted_kernels
from trainers.plan.measure import StepTaker, random_model, rows_like

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
    numbers, others = torch.ones(4, 4), torch.ones(4, 4)
    with KernelCounter() as kernels:
        numbers.mul_(2.0)
        torch._foreach_mul_([numbers, others], 2.0)

    assert (kernels.launches, kernels.moved) == (2, 128 + 2 * 128)


def test_memory_that_is_only_taken_launches_nothing():
    """To fill it does."""
    with KernelCounter() as kernels:
        torch.empty(4)
        torch.zeros(4)

    assert (kernels.launches, kernels.moved) == (1, 16)


@pytest.mark.parametrize(("numbers", "launches"), [(100, 1), (320 << 16, 1), ((320 << 16) + 1, 2)])
def test_a_list_of_tensors_takes_as_many_kernels_as_hold_its_numbers(numbers, launches):
    """By hand: 320 blocks of 65,536 numbers each."""
    with FakeTensorMode():
        tensors = [torch.ones(numbers - 10), torch.ones(10)]
        with KernelCounter() as kernels:
            torch._foreach_mul_(tensors, 2.0)

    assert kernels.launches == launches


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_five_blocks_launch_what_one_and_two_say(model, options):
    """Exactly the kernels, and the bytes to a hundredth; each block adds as many, and each position as many bytes."""
    of_pass, of_update = counted_kernels(model, 5, STEP, options)
    counts = count_step(model, 5, STEP, options, compiled=False)
    recompute = options.gradient_checkpointing is True
    count, width = rows_of(STEP, options)
    work = counts.work([count * width], 0, recompute=recompute)

    assert work.launches == (of_pass.launches + of_update.launches,) * 2
    assert work.moved == pytest.approx((of_pass.moved + of_update.moved,) * 2, rel=0.01)


def test_what_is_counted_without_memory_is_what_a_step_launches(model):
    """On padded rows, for which a CPU calls what a GPU calls; real masks are looked at."""
    options = TrainingOptions(packing=False)
    taker = StepTaker(random_model(model, 2, options, "cpu"), options)
    rows = rows_like(STEP, options)
    with KernelCounter() as kernels:
        taker.compute(rows)
    of_pass, _ = counted_kernels(model, 2, STEP, options)

    assert of_pass.launches == pytest.approx(kernels.launches, rel=0.02)
    assert of_pass.moved == pytest.approx(kernels.moved, rel=0.001)


def test_a_pass_without_a_gradient_launches_what_it_does(model):
    """Counted without memory as on real rows, and in front of others where samples are weighed by their importance."""
    options = TrainingOptions(packing=False, importance_cap=1.0)
    taker, rows = StepTaker(random_model(model, 2, options, "cpu"), options), rows_like(STEP, options)
    with KernelCounter() as kernels:
        taker.look_ahead(rows)
    of_pass, _ = counted_kernels(model, 2, STEP, options, gradient=False)
    counts = count_step(model, 2, STEP, options, compiled=False)

    assert of_pass.launches == pytest.approx(kernels.launches, rel=0.05)  # real masks are looked at
    assert counts.ahead.launches == (of_pass.launches,) * 2
    assert counts.ahead.launches[0] < 0.5 * counts.kept.launches[0]
    assert count_step(model, 2, STEP, TrainingOptions(packing=False), compiled=False).ahead is None


def test_compiled_blocks_launch_fewer(model):
    """At least their products, and at most three times as many; what is outside of blocks stays."""
    eager, fused = (count_step(model, 5, STEP, TrainingOptions(), compiled=compiled) for compiled in (False, True))
    least, most = fused.kept.launches
    (one, _), (two, _) = (counted_kernels(model, blocks, STEP, TrainingOptions()) for blocks in (1, 2))
    products, outside = 5 * (two.products - one.products), one.launches - (two.launches - one.launches)

    assert (least, most) == (outside + products, outside + 3 * products)
    assert most < eager.kept.launches[0]
    assert fused.update_launches == eager.update_launches


def test_a_step_of_the_papers_models_launches_few_kernels(tmp_path):
    """Of two groups: below 4,000 with all parameters of the small model, and 8,000 with an adapter on the large one."""
    launches = {}
    for name, blocks in (("paper-0.5b", 24), ("paper-7b", 28)):
        folder = write_config(name, tmp_path / name)
        counts = count_step(folder, blocks, STEP, read_recipe(name), compiled=False)
        launches[name] = counts.kept.launches[0] + counts.update_launches

    assert launches["paper-0.5b"] <= 4000
    assert launches["paper-7b"] <= 8000
