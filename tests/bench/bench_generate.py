"""The backend transformers draws at least 3 times the tokens a second of `generate` prompt by prompt, sample by sample.

Ten samples of each of 64 prompts, at temperature 0.8, 48 tokens each, as nothing ends a text before; in turn, so that
both meet the same machine. The slow way draws one sample of each prompt in a round. `--model` names another model.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from harness.generation.backend import Request
from harness.generation.backends.transformers import transformers
from harness.runs.records import Sampling

sys.path.insert(0, str(Path(__file__).parents[1] / "harness"))
import tiny_model

FLOOR = 3.0
ROUNDS = 3
PROMPTS, N, TOKENS = 64, 10, 48
SAMPLING = Sampling(n=N, temperature=0.8, top_p=0.95, max_tokens=TOKENS, stop=(), seed=0)


def prompts() -> tuple[str, ...]:
    """Return texts of some 40 to 280 tokens of the tiny model."""
    pieces = itertools.cycle(tiny_model.CORPUS)
    return tuple("".join(itertools.islice(pieces, 1 + place % 6)) for place in range(PROMPTS))


def endless(folder: Path) -> Path:
    """Take from a model what ends its texts."""
    GenerationConfig().save_pretrained(folder)
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"eos_token_id": 0', '"eos_token_id": null'))
    return folder


def one_by_one(folder: Path, texts: tuple[str, ...]) -> float:
    """Return tokens a second of `generate` for one sample of each prompt."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    drawn, started_s = 0, time.perf_counter()
    for seed, text in enumerate(texts):
        torch.manual_seed(seed)
        ids = tokenizer(text, return_tensors="pt")
        after = model.generate(
            **ids, do_sample=True, temperature=0.8, top_p=0.95, top_k=0, max_new_tokens=TOKENS, eos_token_id=None
        )
        drawn += after.shape[1] - ids["input_ids"].shape[1]
    return drawn / (time.perf_counter() - started_s)


def backend(folder: Path, texts: tuple[str, ...]) -> float:
    """Return tokens a second of the backend for ten samples of each prompt."""
    plan = [
        Request(task_id=str(place), index=index, prompt=text, seed=N * place + index)
        for place, text in enumerate(texts)
        for index in range(N)
    ]
    with transformers.load(str(folder), {"dtype": "float32", "device": "cpu"}) as engine:
        started_s = time.perf_counter()
        drawn = sum(found.completion.tokens for found in engine.generate(plan, {one.key for one in plan}, SAMPLING))
        return drawn / (time.perf_counter() - started_s)


def main() -> int:
    """Measure both in turn and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="folder of a model that nothing ends; by default a tiny one")
    named = parser.parse_args().model
    with tempfile.TemporaryDirectory() as scratch:
        folder = named or endless(tiny_model.build(Path(scratch)))
        rounds = [(one_by_one(folder, prompts()), backend(folder, prompts())) for _ in range(ROUNDS)]
    slow, fast = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    ratio = statistics.median(fast / slow for slow, fast in rounds)
    print(
        f"{PROMPTS} prompts: one by one {slow:.0f} tokens/s, backend with n = {N} {fast:.0f} tokens/s: "
        f"{ratio:.1f} times as many (at least {FLOOR:g})"
    )
    return 0 if ratio >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
