"""A tiny policy, trained by each method, comes to prefer accepted code of problems it never saw.

The policy is the base of the miniature, the groups are compiled from its submissions of known status, and a quarter of
the problems is held out. From the base each method trains, with three seeds for the order of the groups. Told is the
margin on the held-out groups, mean over groups: the mean log-probability of accepted programs less that of rejected
ones. It must grow with every method and seed. The control is `sft` on labels that were dealt anew within each group:
its margin must grow less than that of any method on true ones.
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
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from harness.generation.tokens import Tokens
from trainers.config import TrainingOptions
from trainers.dataset import encode
from trainers.groups import GROUPS_FILE, Group, read_groups, write_groups
from trainers.methods import rloo, rloo_exp, rloo_grpo, sft
from trainers.objective import WeightedLikelihood, summed
from trainers.packing import packed
from trainers.trainer import Trainer

COMMAND = "from harness.cli.main import main; main()"
METHODS = (sft, rloo, rloo_grpo, rloo_exp)


def main() -> int:
    """Make the base, train each method with each seed, and compare margins."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="of the order of groups (default: 3)")
    parser.add_argument("--problems", type=int, default=160, help="that groups are compiled from (default: 160)")
    parser.add_argument("--epochs", type=int, default=1, help="over the groups, by each method (default: 1)")
    parser.add_argument("--learning-rate", type=float, default=5e-5, help="of each method (default: 5e-5)")
    asked = parser.parse_args()
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory(prefix="bench-margins-") as home:
        folder = Path(home)
        base, groups = material(folder, asked.problems)
        seen, held_out = split(groups)
        true_labels = write(folder / "seen", seen)
        before = margin(base, held_out)
        print(
            f"{len(seen)} groups to train on, {len(held_out)} held out; margin of the base: {before:+.3f}", flush=True
        )
        growth: dict[str, list[float]] = {}
        for seed in range(asked.seeds):
            options = TrainingOptions(
                epochs=asked.epochs, learning_rate=asked.learning_rate, seed=seed, warmup_share=0.1
            )
            shuffled = write(folder / f"shuffled-{seed}", shuffle_labels(seen, seed))
            plans = [(one.name, one, true_labels) for one in METHODS] + [("shuffled sft", sft, shuffled)]
            for name, trainer, groups in plans:
                after = margin(trained(trainer, groups, base, folder / f"{name}-{seed}", options), held_out)
                growth.setdefault(name, []).append(after - before)
                print(f"{name:13} seed {seed}: {after:+.3f}", flush=True)
    return verdict(growth)


def verdict(growth: dict[str, list[float]]) -> int:
    """Tell the growth of each method's margin, and say whether it is what is promised."""
    for name, grown in growth.items():
        print(f"{name:13} margin grew by {fmean(grown):+.3f} ({', '.join(f'{one:+.3f}' for one in grown)})")
    control = max(growth.pop("shuffled sft"))
    ours = min(min(grown) for grown in growth.values())
    kept = ours > max(control, 0.0)
    print("every method prefers accepted code, and the control does not" if kept else "NOT EVERY METHOD DOES")
    return 0 if kept else 1


def material(folder: Path, problems: int) -> tuple[Path, tuple[Group, ...]]:
    """Return the folder of the base, and the groups."""
    base, tree = folder / "base", folder / "submissions"
    proctor("miniature", "base", "--out", base)
    proctor("miniature", "submissions", "--problems", problems, "--out", tree)
    proctor("compile", "codenet", tree, "--tokenizer", base, "--out", folder / "all")
    return base, tuple(read_groups(folder / "all"))


def proctor(*arguments: object) -> None:
    """Give a command."""
    subprocess.run([sys.executable, "-c", COMMAND, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


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


def trained(trainer: Trainer, groups: Path, model: Path, out: Path, options: TrainingOptions) -> Path:
    """Return the folder of the checkpoint."""
    return Path(trainer.train(groups, str(model), out, options).path)


def margin(folder: Path, groups: Iterable[Group]) -> float:
    """Return the mean over groups of the mean log-probability of accepted programs less that of rejected ones."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    policy = WeightedLikelihood(model.eval(), chunk=1024, dtype=torch.float32)
    found = []
    for group in groups:
        encoded = encode(group, Tokens(tokenizer), tokenizer.eos_token_id)
        with torch.no_grad():
            whole = summed(policy.log_probs(packed(encoded)), [len(completion) for completion in encoded.completions])
        accepted = torch.tensor(group.rewards) > 0
        found.append(float(whole[accepted].mean() - whole[~accepted].mean()))
    return fmean(found)


if __name__ == "__main__":
    sys.exit(main())
