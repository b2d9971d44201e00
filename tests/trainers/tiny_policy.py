"""A real model of the Qwen2 architecture for tests of training: random weights, tied as in the 0.5 B model."""

import random
from pathlib import Path

from trainers.groups import Group

STATUSES = ("Accepted", "Wrong Answer", "Runtime Error", "Compile Error")
REWARDS = (1.0, -0.1, -0.6, -1.0)
END = "<|endoftext|>"


def build(folder: Path, *, seed: int = 0) -> Path:
    """Write the model and a tokenizer whose tokens are bytes into a folder, and return it."""
    import torch  # noqa: PLC0415 - heavy, as the next
    from transformers import Qwen2Config, Qwen2ForCausalLM  # noqa: PLC0415

    tokenizer = bytes_tokenizer()
    tokenizer.save_pretrained(folder)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        initializer_range=0.2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


def bytes_tokenizer():
    """Return a tokenizer that has a token for each byte, and one for the end."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={sign: number for number, sign in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, clean_up_tokenization_spaces=False)


def group(number, seed=0, **changed):
    """Return a group with a prompt and completions of uneven length, sampled with a seed."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 - no secret
    given = {
        "problem_id": f"p{number:05}",
        "prompt": f"{'Print it. ' * rng.randint(1, 4)}\nANSWER:\n",
        "completions": tuple(f"print({rng.randint(0, 10 ** rng.randint(1, 9))})\n" for _ in REWARDS),
        "rewards": REWARDS,
        "statuses": STATUSES,
        "source_ids": tuple(f"s{number:05}{place}" for place in range(len(REWARDS))),
    }
    return Group(**given | changed)
