"""The formulas of operations, parameters and memory hold against what real steps of small models are measured at."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from live_tensors import LiveTensors
from paper_models import PARAMETERS, write_config
from torch.utils.flop_counter import FlopCounterMode, addmm_flop, sdpa_backward_flop_count, sdpa_flop_count
from transformers import AutoConfig, AutoModelForCausalLM, Qwen2Config

from harness.errors import UserError
from trainers.config import TrainingOptions
from trainers.objective import WeightedLikelihood
from trainers.plan.flops import Lengths, forward_operations, operations, rows_of
from trainers.plan.measure import rows_like
from trainers.plan.memory import step_memory
from trainers.plan.sizes import sizes_of, trained
from trainers.policy import made_trainable

pytestmark = pytest.mark.slow

STEP = (Lengths(prompt=120, completions=(40, 61, 22, 80)), Lengths(prompt=50, completions=(1, 30, 90, 35)))
OPTIONS = {
    "all parameters": TrainingOptions(),
    "padded rows": TrainingOptions(packing=False),
    "recomputed blocks": TrainingOptions(gradient_checkpointing=True),
    "logits in chunks": TrainingOptions(logits_chunk=40),
    "bfloat16": TrainingOptions(dtype="bfloat16"),
    "bfloat16, recomputed blocks": TrainingOptions(dtype="bfloat16", gradient_checkpointing=True),
    "adapter": TrainingOptions(lora_rank=8),
    "adapter without dropout": TrainingOptions(lora_rank=8, lora_dropout=0.0),
    "adapter, recomputed blocks": TrainingOptions(lora_rank=8, gradient_checkpointing=True),
    "adapter, bfloat16": TrainingOptions(lora_rank=8, dtype="bfloat16"),
    "adapter, bfloat16, recomputed blocks": TrainingOptions(lora_rank=8, dtype="bfloat16", gradient_checkpointing=True),
}
NEGLECTED_WITH_LORA = 0.01
MEMORY_TOLERANCE = 0.06
OF_TWO = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 100, "bos_token_id": 0,
    "eos_token_id": 0, "n_embd": 32, "n_layer": 2, "n_head": 2, "intermediate_size": 48, "moe_intermediate_size": 24,
    "pad_token_id": 0,
}  # fmt: skip
"""Sizes of two blocks, by all their names."""
FALCON = {"model_type": "falcon", "new_decoder_architecture": True, "num_kv_heads": 2}

ATEN, FUSED = torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu"


def over_spans(query, _key, _value, runs, *_, **__):
    """Return the operations of attention over spans: four for each pair of positions and value of their width."""
    pairs = sum(count * (prompt + count) for _, count, _, prompt in runs.tolist())
    return 4 * pairs * query.shape[1] * query.shape[3]


def over_spans_backward(_grad, query, key, value, _out, _sums, runs, *_, **__):
    """Return the operations of its gradients: ten."""
    return over_spans(query, key, value, runs) * 10 // 4


for formula in (over_spans, over_spans_backward):
    formula._get_raw = True  # noqa: SLF001 - so that it gets the tensors themselves, not their shapes

UNCOUNTED = {
    torch.ops.proctor.attend_spans: over_spans,
    torch.ops.proctor.attend_spans_backward: over_spans_backward,
    ATEN.addmm_: lambda total, *factors, **_: addmm_flop(total, *factors),
    getattr(ATEN, FUSED): lambda q, k, v, *_, **__: sdpa_flop_count(q, k, v),
    getattr(ATEN, f"{FUSED}_backward"): lambda grad, q, k, v, *_, **__: sdpa_backward_flop_count(grad, q, k, v),
}
"""What PyTorch's counter doesn't know, by the same formulas of its own: a product that is added to a sum in place, and
fused attention on a CPU."""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """Return the configuration of a small model that has the proportions of the 0.5 B one, in a folder of its own."""
    made = Qwen2Config(
        hidden_size=128,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=704,
        vocab_size=2000,
        tie_word_embeddings=True,
    )
    made.name_or_path = str(tmp_path_factory.mktemp("model"))
    made.save_pretrained(made.name_or_path)
    return made


@pytest.fixture
def make_policy(config):
    """Return a function that makes a model to train, and what it computes of the group."""

    def make(options, *, gradient=True):
        dtype = getattr(torch, options.dtype)
        model = AutoModelForCausalLM.from_config(config, dtype=dtype if options.lora_rank else torch.float32)
        made_trainable(model, options)
        objective = WeightedLikelihood(model, chunk=options.logits_chunk, dtype=dtype)
        rows = rows_like(STEP, options)
        weights = torch.ones(rows.labels.shape)

        def take():
            with torch.set_grad_enabled(gradient):
                loss, _ = objective(rows, weights)
            if gradient:
                loss.backward()

        return model, take

    return make


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_operations_are_those_that_pytorch_counts(config, make_policy, options):
    """Every matrix product of a forward and a backward pass; with LoRA the first block's share is neglected."""
    _, take = make_policy(options)

    with FlopCounterMode(display=False, custom_mapping=UNCOUNTED) as counter:
        take()

    forecast = operations(sizes_of(config.name_or_path), STEP, options)
    assert forecast == pytest.approx(counter.get_total_flops(), rel=NEGLECTED_WITH_LORA if options.lora_rank else 0)


@pytest.mark.parametrize("name", ["all parameters", "padded rows", "logits in chunks", "adapter"])
def test_operations_of_a_forward_pass_are_those_that_pytorch_counts(config, make_policy, name):
    """Every matrix product, where nothing needs a gradient."""
    _, take = make_policy(OPTIONS[name], gradient=False)

    with FlopCounterMode(display=False, custom_mapping=UNCOUNTED) as counter:
        take()

    assert forward_operations(sizes_of(config.name_or_path), STEP, OPTIONS[name]) == counter.get_total_flops()


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_parameters_are_counted_exactly(config, make_policy, options):
    """All of them, and those that are trained: of the adapter, or of everything."""
    model, _ = make_policy(options)
    sizes = sizes_of(config.name_or_path)
    counted = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)

    assert trained(sizes, options) == counted
    assert sizes.parameters == sum(weight.numel() for name, weight in model.named_parameters() if "lora" not in name)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_memory_is_what_tensors_take_at_the_peak(config, make_policy, options):
    """In a later part of a step, when the first one's gradients and the optimizer's moments are there."""
    model, take = make_policy(options)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights)
    take()
    optimizer.step()
    moments = [value for state in optimizer.state.values() for value in state.values()]

    with LiveTensors([*model.parameters(), *(weight.grad for weight in weights), *moments]) as tensors:
        take()

    forecast = step_memory(sizes_of(config.name_or_path), STEP, options)
    assert forecast.total == pytest.approx(tensors.peak, rel=MEMORY_TOLERANCE)


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items())
def test_the_papers_models_have_their_published_sizes(tmp_path, name, parameters):
    """From their config.json, without their weights."""
    assert sizes_of(write_config(name, tmp_path)).parameters == parameters


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "qwen3_next_of_another_world"}, "config.json"),
        ({"model_type": "mamba"}, "num_attention_heads"),
        ({"model_type": "qwen2", "num_attention_heads": 0}, "makes no model"),
        ({"model_type": "qwen2", "layer_types": ["x"] * 32}, "config.json"),
        (OF_TWO | {"model_type": "lfm2", "layer_types": ["conv", "full_attention"]}, "conv layers"),
        (OF_TWO | {"model_type": "mixtral", "num_local_experts": 2}, "in no linear layer"),
        (
            OF_TWO | {"model_type": "deepseek_v3", "n_routed_experts": 2, "first_k_dense_replace": 1},
            "in no linear layer",
        ),
        (OF_TWO | {"model_type": "opt", "word_embed_proj_dim": 16}, "differ in shape"),
    ],
)
def test_another_kind_of_model_is_refused(tmp_path, config, said):
    """The message names the model and what it lacks."""
    (tmp_path / "config.json").write_text(json.dumps(config))

    with pytest.raises(UserError, match=said):
        sizes_of(str(tmp_path))


@pytest.mark.parametrize("own", [{"model_type": "gpt2"}, {"model_type": "opt", "word_embed_proj_dim": 32}, FALCON])
def test_operations_of_other_architectures_are_those_that_pytorch_counts(tmp_path, own):
    """Without a gated layer, and with names of their own in their configs."""
    (tmp_path / "config.json").write_text(json.dumps(OF_TWO | own))
    config = AutoConfig.from_pretrained(tmp_path)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").eval()
    options = TrainingOptions(packing=False)  # which not all of them can
    rows = rows_like(STEP, options)

    with FlopCounterMode(display=False, custom_mapping=UNCOUNTED) as counter:
        WeightedLikelihood(model, chunk=1024, dtype=torch.float32)(rows, torch.ones(rows.labels.shape))[0].backward()

    assert operations(sizes_of(str(tmp_path)), STEP, options) == counter.get_total_flops()


def test_a_packed_row_holds_each_prompt_once():
    """By hand: 120 + 40 + 61 + 22 + 80 less four ends, with 50 + 1 + 30 + 90 + 35 less four; eight rows of 199."""
    assert rows_of(STEP, TrainingOptions(packing=True)) == (1, 319 + 202)
    assert rows_of(STEP, TrainingOptions(packing=False)) == (8, 199)
    assert [one.predicted for one in STEP] == [203, 156]


def test_a_completion_sees_its_prompt_and_itself():
    """By hand: queries and keys; one that is only an end is in no row."""
    assert STEP[1].spans == ((50, 50), (29, 79), (89, 139), (34, 84))


@given(st.lists(st.builds(
    Lengths, prompt=st.integers(1, 9), completions=st.lists(st.integers(1, 9), min_size=1, max_size=5).map(tuple)
), min_size=1, max_size=4))  # fmt: skip
def test_rows_are_as_large_as_the_plan_says(step):
    """Of any lengths: the rows' shape, the queries and the keys that they see, and the predicted tokens."""
    row, rows = (rows_like(step, TrainingOptions(packing=packing)) for packing in (True, False))

    assert rows_of(step, TrainingOptions(packing=True)) == tuple(row.input_ids.shape)
    assert rows_of(step, TrainingOptions(packing=False)) == tuple(rows.input_ids.shape)
    assert sum(keys for one in step for _, keys in one.spans) == len(row.spans.gathered)
    assert sum(one.predicted for one in step) == len(row.labels) == len(rows.labels)
