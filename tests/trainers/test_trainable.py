"""Models that compute otherwise than training does are refused before they are trained."""

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    CohereConfig,
    Gemma3TextConfig,
    GPT2Config,
    GraniteConfig,
    LlamaConfig,
    MambaConfig,
    MistralConfig,
    MixtralConfig,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
    Starcoder2Config,
)

from harness.errors import UserError
from trainers.config import TrainingOptions
from trainers.dataset import Longest
from trainers.objective import WeightedLikelihood
from trainers.trainable import refuse_disagreement, refuse_length, refuse_model, refuse_window, window_of

pytestmark = pytest.mark.slow

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


OPTIONS = TrainingOptions()
PADDED = TrainingOptions(packing=False)


@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize(
    "config",
    [
        Qwen2Config(**SIZES, use_sliding_window=True, sliding_window=4, max_window_layers=0),
        Qwen2Config(**SIZES, use_sliding_window=True, sliding_window=4, max_window_layers=1),
        MistralConfig(**SIZES, sliding_window=3),
        MixtralConfig(**SIZES, sliding_window=1, num_local_experts=2),
        Phi3Config(**SIZES, sliding_window=4),
        Starcoder2Config(**SIZES, sliding_window=4),
        Gemma3TextConfig(**SIZES, sliding_window=4, layer_types=["sliding_attention", "full_attention"]),
    ],
    ids=lambda config: getattr(config, "model_type", config),
)
def test_a_window_of_attention_is_kept(config, packing):
    """In all layers or some: a completion sees as far back into its prompt as in a row of its own."""
    windowed = policy(config)

    refuse_disagreement(windowed, torch.float32, packing=packing)
    refuse_window(windowed, Longest(100, "p"))


def test_a_window_that_layers_keep_to_themselves_is_refused_beyond_it():
    """The mask has it, which a packed row doesn't have; up to its length it makes no difference."""
    windowed = policy(LlamaConfig(**SIZES))
    windowed.model.config.sliding_window = 32

    refuse_window(windowed, Longest(32, "p"))
    with pytest.raises(UserError, match=r"problem p: .* a window of 32, which packing ignores; add --packing off"):
        refuse_window(windowed, Longest(33, "p"))


@pytest.mark.parametrize(
    "config",
    [
        Qwen2Config(**SIZES, attention_dropout=0.1),
        GPT2Config(vocab_size=64, n_embd=32, n_layer=2, n_head=2, attn_pdrop=0.2),
    ],
    ids=lambda config: config.model_type,
)
def test_a_dropout_of_attention_needs_padded_rows(config):
    """Which kernels leave out."""
    model = policy(config).model

    refuse_model(model, PADDED)
    with pytest.raises(UserError, match=r"has a dropout of attention \(att.* 0\.\d\).* add --packing off"):
        refuse_model(model, OPTIONS)


@pytest.mark.parametrize(
    ("config", "window"),
    [
        (Qwen2Config(use_sliding_window=False, sliding_window=32), None),
        (Qwen2Config(use_sliding_window=True, sliding_window=32, max_window_layers=0), 32),
        (Gemma3TextConfig(num_hidden_layers=2, layer_types=["full_attention"] * 2, sliding_window=32), None),
        (
            Gemma3TextConfig(
                num_hidden_layers=2, layer_types=["full_attention", "sliding_attention"], sliding_window=32
            ),
            32,
        ),
        (MistralConfig(sliding_window=32), 32),
        (MistralConfig(sliding_window=None), None),
        (MixtralConfig(sliding_window=32), 32),
        (Phi3Config(sliding_window=32), 32),
        (Starcoder2Config(sliding_window=32), 32),
        (LlamaConfig(), None),
    ],
    ids=lambda value: getattr(value, "model_type", value),
)
def test_a_config_tells_its_window(config, window):
    """By whatever names it has for it."""
    assert window_of(config) == window


def test_more_tokens_than_positions_are_refused():
    """By the problem's name."""
    config = LlamaConfig(max_position_embeddings=16)

    refuse_length(config, Longest(16, "p"))
    with pytest.raises(UserError, match=r"problem p: .* has 17 tokens, but the model has 16 positions"):
        refuse_length(config, Longest(17, "p"))


def test_positions_that_change_with_the_longest_row_are_refused_beyond_that_length():
    """LongRoPE has two lists of factors, and the longest row of a batch decides for all."""
    factors = {"short_factor": [1.0] * 8, "long_factor": [2.0] * 8}
    rope = {"rope_type": "longrope", "rope_theta": 10000.0, "original_max_position_embeddings": 32, **factors}
    config = Phi3Config(**SIZES, max_position_embeddings=64, original_max_position_embeddings=32, rope_parameters=rope)

    refuse_length(config, Longest(32, "p"))
    with pytest.raises(UserError, match="phi3 changes its positions beyond 32"):
        refuse_length(config, Longest(33, "p"))


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (Gemma3TextConfig(**SIZES, final_logit_softcapping=30.0), "final_logit_softcapping 30"),
        (CohereConfig(**SIZES, logit_scale=0.0625), "logit_scale 0.0625"),
        (GraniteConfig(**SIZES, logits_scaling=8.0), "logits_scaling 8"),
    ],
    ids=lambda value: getattr(value, "model_type", ""),
)
def test_a_config_that_caps_or_scales_logits_is_refused(config, told):
    """Whatever its logits are at first; packed or not."""
    for options in (OPTIONS, PADDED):
        with pytest.raises(UserError, match=told):
            refuse_model(policy(config).model, options)


def test_a_model_with_a_state_needs_padded_rows():
    """Mamba carries its state from one token to the next, whatever the mask says."""
    model = AutoModelForCausalLM.from_config(MambaConfig(vocab_size=64, hidden_size=32, num_hidden_layers=2))

    refuse_model(model, PADDED)
    with pytest.raises(UserError, match="mamba keeps a state along the sequence"):
        refuse_model(model, OPTIONS)
