"""A tiny policy, trained by each method on human submissions, comes to prefer accepted code of problems it never saw.

Groups are compiled from the CodeNet sample; a quarter of the problems is held out. A base of 0.8 M parameters learns
to write the programs of the other groups, accepted and rejected alike. From it each method trains, with three seeds for
the order of the groups. Told is the margin on the held-out groups, mean over groups: the mean log-probability of
accepted programs less that of rejected ones, of whole programs and of their tokens. The first moves with every gain in
modelling where the lengths differ, so the second is judged: it must grow with every method and seed. The control is
`sft` on labels that were dealt anew within each group: its margin must grow less than that of any method on true ones.
"""

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import fmean

import msgspec
import torch
from mbpp_samples import skip_without_data
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

sys.path.insert(0, str(Path(__file__).parents[1] / "trainers"))

import tiny_policy

from trainers.groups import GROUPS_FILE, Group, read_groups, write_groups
from trainers.methods import method, rloo, rloo_exp, rloo_grpo, sft
from trainers.objective import CompletionLogProbs, summed
from trainers.options import TrainingOptions
from trainers.packing import packed
from trainers.tokenization import encode
from trainers.trainer import Trainer

CODENET = Path(__file__).parents[3] / "shared" / "data" / "codenet_mini"
COMMAND = "from harness.cli.main import main; main()"
VOCABULARY = 512
LONGEST = 4096
METHODS = (sft, rloo, rloo_grpo, rloo_exp)


@method
def imitate_all(rewards, _):
    """Imitate accepted and rejected members alike."""
    return (1.0,) * len(rewards)


def main() -> int:
    """Make the base, train each method with each seed, and compare margins."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="of the order of groups (default: 3)")
    parser.add_argument("--base-epochs", type=int, default=12, help="over the groups, for the base (default: 12)")
    parser.add_argument("--epochs", type=int, default=2, help="over the groups, by each method (default: 2)")
    parser.add_argument("--learning-rate", type=float, default=3e-4, help="of each method (default: 3e-4)")
    parser.add_argument("--group-size", type=int, default=4, help="completions of a group (default: 4)")
    asked = parser.parse_args()
    skip_without_data(CODENET)
    with tempfile.TemporaryDirectory(prefix="bench-margins-") as home:
        folder = Path(home)
        seen, held_out = split(compiled(folder, asked.group_size))
        base = made_base(folder, write(folder / "seen", seen), asked.base_epochs)
        before = margins(base, held_out)
        print(f"{len(seen)} groups to train on, {len(held_out)} held out; base: {told(before)}", flush=True)
        growth: dict[str, list[float]] = {}
        for seed in range(asked.seeds):
            options = TrainingOptions(
                epochs=asked.epochs, learning_rate=asked.learning_rate, seed=seed, warmup_share=0.1
            )
            shuffled = write(folder / f"shuffled-{seed}", shuffle_labels(seen, seed))
            plans = [(one.name, one, folder / "seen") for one in METHODS] + [("shuffled sft", sft, shuffled)]
            for name, trainer, groups in plans:
                after = margins(trained(trainer, groups, base, folder / f"{name}-{seed}", options), held_out)
                growth.setdefault(name, []).append(after[1] - before[1])
                print(f"{name:13} seed {seed}: {told(after)}", flush=True)
    return verdict(growth)


def verdict(growth: dict[str, list[float]]) -> int:
    """Tell the growth of each method's margin, and say whether it is what is promised."""
    for name, grown in growth.items():
        print(f"{name:13} margin of a token grew by {fmean(grown):+.4f} ({', '.join(f'{one:+.4f}' for one in grown)})")
    control = max(growth.pop("shuffled sft"))
    ours = min(min(grown) for grown in growth.values())
    kept = ours > max(control, 0.0)
    print("every method prefers accepted code, and the control does not" if kept else "NOT EVERY METHOD DOES")
    return 0 if kept else 1


def compiled(folder: Path, group_size: int) -> tuple[Group, ...]:
    """Return the groups of the CodeNet sample."""
    tiny_policy.bytes_tokenizer().save_pretrained(folder)
    command = (
        "compile",
        "codenet",
        CODENET,
        f"--tokenizer={folder}",
        f"--out={folder / 'all'}",
        f"--group-size={group_size}",
    )
    subprocess.run([sys.executable, "-c", COMMAND, *command], check=True, stdout=subprocess.DEVNULL)
    return tuple(group for group in read_groups(folder / "all") if len(group.prompt) < LONGEST - 2048)


def split(groups: Iterable[Group]) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """Return the groups to train on and those held out, a quarter of the problems, by a hash of the problem."""
    parts: tuple[list[Group], list[Group]] = [], []
    for group in groups:
        parts[hashlib.sha256(group.problem_id.encode()).digest()[0] % 4 == 0].append(group)
    return tuple(parts[0]), tuple(parts[1])


def write(folder: Path, groups: Iterable[Group]) -> Path:
    """Write groups into a folder and return it."""
    folder.mkdir()
    write_groups(folder / GROUPS_FILE, groups)
    return folder


def shuffle_labels(groups: Iterable[Group], seed: int) -> Iterator[Group]:
    """Yield each group with its rewards dealt anew among its members."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    for group in groups:
        yield msgspec.structs.replace(group, rewards=tuple(draw.sample(group.rewards, len(group.rewards))))


def made_base(folder: Path, groups: Path, epochs: int) -> Path:
    """Return the folder of a model that learned to write the programs of the groups, of either kind."""
    texts = [text for group in read_groups(groups) for text in (group.prompt, *group.completions)]
    blank = folder / "blank"
    fast = tiny_policy.bytes_tokenizer().train_new_from_iterator(texts, VOCABULARY)
    fast.save_pretrained(blank)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(fast), hidden_size=128, intermediate_size=384, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=LONGEST, tie_word_embeddings=True, bos_token_id=None,
        eos_token_id=fast.eos_token_id, initializer_range=128**-0.5,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(blank)
    options = TrainingOptions(epochs=epochs, learning_rate=3e-3, warmup_share=0.1, token_mean=True)
    return trained(imitate_all, groups, blank, folder / "base", options)


def trained(trainer: Trainer, groups: Path, model: Path, out: Path, options: TrainingOptions) -> Path:
    """Return the folder of the checkpoint."""
    return Path(trainer.train(groups, str(model), out, options).path)


def margins(folder: Path, groups: Iterable[Group]) -> tuple[float, float]:
    """Return the mean margin of whole programs, and that of a token."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    policy = CompletionLogProbs(model.eval(), chunk=LONGEST, dtype=torch.float32)
    found = []
    for group in groups:
        encoded = encode(group, tokenizer)
        tokens = [len(completion) for completion in encoded.completions]
        with torch.no_grad():
            whole = summed(policy(packed(encoded)), tokens)
        accepted = torch.tensor(group.rewards) > 0
        a_token = whole / torch.tensor(tokens)
        found.append([float(each[accepted].mean() - each[~accepted].mean()) for each in (whole, a_token)])
    return fmean(pair[0] for pair in found), fmean(pair[1] for pair in found)


def told(margin: tuple[float, float]) -> str:
    """Return a margin in words."""
    return f"margin {margin[0]:+.2f}, a token {margin[1]:+.4f}"


if __name__ == "__main__":
    sys.exit(main())
