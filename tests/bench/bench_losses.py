"""A training step by each loss over log-probabilities against the same step by the weighted log-likelihood.

    python bench_losses.py [--tiny] [--rounds N]

Time is CPU time of one thread, forward and backward, the least of some rounds in which all losses take turns; memory is
the peak of all tensors beside the model's own. Both of a model whose output layer is as large a share of it as that of
the 0.5 B model, with all parameters trained and with LoRA. All ratios are of one run.
"""

import argparse
import sys
import time

import torch
from live_tensors import LiveTensors
from peft import LoraConfig, get_peft_model
from transformers import Qwen2Config, Qwen2ForCausalLM

from trainers import losses, methods
from trainers.config import TrainingOptions
from trainers.dataset import Encoded
from trainers.likelihood_loss import GroupTerms, LikelihoodLoss
from trainers.objective import WeightedLikelihood, token_weights
from trainers.packing import packed

LOSSES = {
    "topr": losses.tapered, "rloo-kl": losses.near_reference, "rloo-floor": losses.floored, "dpo": losses.preferred,
    "kto": losses.prospected,
}  # fmt: skip
REWARDS = (1.0, -0.1, -0.6, -1.0)
SLOWER = {"all parameters": 1.35, "LoRA": 1.15}
"""Times the step by the weighted log-likelihood that a loss may take at most."""
LARGER = 1.05


def made(*, tiny, lora):
    """Return a model with random weights: 2 blocks and 8,192 words, which are a third of it, or less where tiny."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "vocab_size": 257} if tiny else {
        "hidden_size": 384, "intermediate_size": 1536, "vocab_size": 8192,
    }  # fmt: skip
    model = Qwen2ForCausalLM(
        Qwen2Config(
            **sizes, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True
        )
    )
    if lora:
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=16, target_modules="all-linear"))
        model = model.get_base_model()
    return model


def steps(model, *, tiny):
    """Return a function for each way to take a step of two groups: forward and backward."""
    generator = torch.Generator().manual_seed(0)
    words, length = model.config.vocab_size, 8 if tiny else 100
    groups = [
        Encoded(*(
            tuple(torch.randint(words, (2 * length,), generator=generator).tolist()),
            tuple(tuple(torch.randint(words, (length,), generator=generator).tolist()) for _ in REWARDS),
        ))
        for _ in range(2)
    ]  # fmt: skip
    rows, options = packed(*groups), TrainingOptions()
    weights = torch.tensor(methods.leave_one_out(REWARDS, options))
    fast = WeightedLikelihood(model, chunk=options.logits_chunk, dtype=torch.float32)
    reference = fast.log_probs(rows) - 0.01
    lengths = (length,) * len(REWARDS)
    terms = tuple(GroupTerms(weights, part, lengths, 0.5) for part in reference.chunk(2))
    of_tokens = 0.5 * token_weights(weights, torch.tensor(lengths), token_mean=False).repeat(2)

    def step(objective, given):
        loss, _ = objective(rows, given)
        loss.backward()
        model.zero_grad()

    ways = {"weighted": lambda: step(fast, of_tokens)}
    for name, loss in LOSSES.items():
        objective = LikelihoodLoss(model, loss, options, dtype=torch.float32)
        ways[name] = lambda objective=objective: step(objective, terms)
    return ways


def cpu_s(ways, rounds):
    """Return the least CPU time of each way; all take turns, so that a busy machine meets all."""
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds + 1):
        for name, way in ways.items():
            started = time.process_time()
            way()
            least[name] = min(least[name], time.process_time() - started)
    return least


def peak_bytes(way):
    """Return the bytes of all tensors that a step makes, at their peak."""
    with LiveTensors() as tensors:
        way()
    return tensors.peak


def main():
    """Print the ratios, and return 1 where one is past its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="shapes that show only that the script works")
    parser.add_argument("--rounds", type=int, default=5, help="steps of each loss (default: 5)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    broken = []
    for kind, slower in SLOWER.items():
        ways = steps(made(tiny=arguments.tiny, lora=kind == "LoRA"), tiny=arguments.tiny)
        peaks = {name: peak_bytes(way) for name, way in ways.items()}
        times = cpu_s(ways, arguments.rounds)
        for name in ways:
            time_ratio = times[name] / times["weighted"]
            memory_ratio = peaks[name] / max(peaks["weighted"], 1)
            print(f"{kind:15} {name:11} {times[name]:.4f} CPU s, {time_ratio:.2f} x the time, "
                  f"{memory_ratio:.2f} x the memory")  # fmt: skip
            broken += [name] * (time_ratio > slower or memory_ratio > LARGER)
    return 0 if arguments.tiny else int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
