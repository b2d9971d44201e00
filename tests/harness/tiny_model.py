"""A real model of the Qwen2 architecture that is small enough for a test: random weights, always the same.

`python tests/harness/tiny_model.py FOLDER` writes it in the layout of the Hugging Face hub, as any engine loads it. Its
tokens are bytes of ASCII and pieces of Python, so every list of them is one text; it attends with heads of 32, the
smallest that vLLM takes.
"""

import string
import sys
from pathlib import Path

CORPUS = (
    "def add(a, b):\n    return a + b\n",
    "for number in range(10):\n    print(number, end=' ')\n",
    "class Stack:\n    def __init__(self):\n        self.items = []\n    def push(self, item):\n",
    "import sys\nn = int(input())\nvalues = [int(value) for value in input().split()]\nprint(sum(values))\n",
    "while left < right:\n    middle = (left + right) // 2\n    if values[middle] < target:\n        left = middle\n",
    "def is_prime(n):\n    return n > 1 and all(n % i for i in range(2, int(n ** 0.5) + 1))\n",
)
END, TURN, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MODEL_SEED, ADAPTER_SEED = 1, 2
INITIAL_STD = 0.3
"""Large, so that the likeliest token depends on what came before."""


def build(folder: Path, *, chat: bool = True, context: int = 2048) -> Path:
    """Write the model and its tokenizer, with a chat template or without, into a folder, and return it."""
    import torch  # noqa: PLC0415 - heavy, as all of these: whoever only collects tests needn't wait
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM  # noqa: PLC0415

    tokenizer = _tokenizer()
    if chat:
        tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    end, turn_end = tokenizer.convert_tokens_to_ids([END, TURN_END])
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=context,
        initializer_range=INITIAL_STD,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=end,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(MODEL_SEED)
        model = Qwen2ForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=[end, turn_end], pad_token_id=end)
    model.save_pretrained(folder)
    return folder


def build_adapter(base: Path, folder: Path) -> Path:
    """Write a LoRA adapter that changes what the model of the folder `base` says into a folder, and return it."""
    import torch  # noqa: PLC0415
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(ADAPTER_SEED)
        model = get_peft_model(
            AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
            LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM"),
        )
    model.save_pretrained(folder)
    return folder


def _tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    of_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = {piece for char in string.printable for piece in of_bytes.pre_tokenize_str(char)[0][0]}
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = of_bytes
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=256,
            special_tokens=[END, TURN, TURN_END],
            initial_alphabet=sorted(alphabet),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=END, clean_up_tokenization_spaces=False
    )


if __name__ == "__main__":
    build(Path(sys.argv[1]))
