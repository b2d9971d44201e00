"""The shapes of the paper's models, Qwen2.5-Coder 0.5 B and 7 B, by their recipes' names."""

from transformers import Qwen2Config

CONFIGS = {
    "paper-0.5b": {
        "hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2,
        "intermediate_size": 4864, "vocab_size": 151936, "tie_word_embeddings": True,
    },
    "paper-7b": {
        "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
        "intermediate_size": 18944, "vocab_size": 152064, "tie_word_embeddings": False,
    },
}  # fmt: skip
PARAMETERS = {"paper-0.5b": 494_032_768, "paper-7b": 7_615_616_512}
"""As published."""


def write_config(name, folder):
    """Write config.json of a model into a folder, and return the folder's name."""
    Qwen2Config(**CONFIGS[name]).save_pretrained(folder)
    return str(folder)
