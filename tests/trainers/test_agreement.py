"""Models that compute otherwise than training does are refused before they are trained."""

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    CohereConfig,
    GPT2Config,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
    Qwen3Config,
)

from harness.errors import UserError
from trainers.loop import refuse_disagreement
from trainers.objective import WeightedLikelihood

SIZES = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 16, "pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0,
    "initializer_range": 0.5,
}  # fmt: skip


def policy(config, dtype=torch.float32):
    """Return a model with random weights, called as training calls it."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    return WeightedLikelihood(model, chunk=1000, dtype=dtype)


@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize(
    "config",
    [
        Qwen2Config(**SIZES),
        Qwen3Config(**SIZES),
        LlamaConfig(**SIZES),
        GPT2Config(vocab_size=64, n_embd=32, n_layer=2, n_head=2, initializer_range=0.5),
    ],
    ids=lambda config: config.model_type,
)
def test_usual_models_pass(config, packing):
    """Packed and padded; GPT-2 has places of its own."""
    refuse_disagreement(policy(config), torch.float32, packing=packing)


def test_bfloat16_is_near_enough():
    """Rounding is not another model."""
    refuse_disagreement(policy(Qwen2Config(**SIZES), torch.bfloat16), torch.bfloat16, packing=True)


@pytest.mark.parametrize(
    "config",
    [
        CohereConfig(**SIZES, logit_scale=0.1),
        GraniteConfig(**SIZES, logits_scaling=8.0),
    ],
    ids=lambda config: config.model_type,
)
@pytest.mark.parametrize("packing", [True, False])
def test_models_that_bend_their_logits_are_refused(config, packing):
    """They scale them, which training would leave out."""
    with pytest.raises(UserError, match=r"computes other log-probabilities than training"):
        refuse_disagreement(policy(config), torch.float32, packing=packing)


def test_a_window_of_attention_needs_padded_rows():
    """Its positions say nothing of the distance between a packed completion and the prompt."""
    windowed = policy(Qwen2Config(**SIZES, use_sliding_window=True, sliding_window=4, max_window_layers=0))

    with pytest.raises(UserError, match="add --packing off"):
        refuse_disagreement(windowed, torch.float32, packing=True)
    refuse_disagreement(windowed, torch.float32, packing=False)


def test_mistral_tells_its_window_otherwise():
    """It has one for all layers and no list of their kinds."""
    windowed = policy(MistralConfig(**SIZES, sliding_window=4))

    with pytest.raises(UserError, match="add --packing off"):
        refuse_disagreement(windowed, torch.float32, packing=True)
