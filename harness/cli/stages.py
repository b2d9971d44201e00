"""What the demo does: the command lines of its stages, and of the tables at the end."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

METHODS = ("sft", "rloo", "rloo-grpo", "rloo-exp")
POLICIES = ("base", *METHODS)

_TRAINING = ("--learning-rate", "5e-5", "--warmup-share", "0.1", "--save-every-steps", "50")
"""The same for every method."""


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How much of everything."""

    seed: int = 0
    problems: int = 720
    """That groups are compiled from."""
    steps: int = 300
    """Of each training, two groups of four programs each."""
    tests: int = 180
    """Held-out problems that each policy is put to."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A command whose outcome is one file or folder that is there when all is done."""

    what: str
    arguments: tuple[str, ...]
    outcome: Path
    expected_s: float
    """On two cores, in proportion to the other stages; says what is left."""


def stages(out: Path, sizes: Sizes, judging: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return the stages of a demo in that folder; `judging` are the options of the sandbox."""
    return (*_material(out, sizes), *_training(out, sizes), *_examination(out, sizes, judging))


def finale(out: Path) -> tuple[tuple[str, ...], ...]:
    """Return the commands that make the tables of the runs, whose output is the demo's own."""
    sampled = [f"{policy}={out / 'runs' / policy}" for policy in POLICIES]
    greedy = [f"{policy}@0.85M={out / 'runs' / f'{policy}-greedy'}" for policy in POLICIES]
    trainings = [f"--checkpoint={method}={out / 'models' / method}" for method in METHODS]
    return (
        ("table", *sampled, "--intervals"),
        ("table", *greedy, "--by-model", "--intervals"),
        ("table", str(out / "runs")),
        ("table", *sampled, *trainings, "--format", "html", "--out", str(out / "page")),
    )


def _material(out: Path, sizes: Sizes) -> Iterator[Stage]:
    tree, base, groups = out / "submissions", out / "models" / "base", out / "groups"
    seed = ("--seed", str(sizes.seed))
    yield Stage(
        what="the base, as it ships",
        arguments=("miniature", "base", "--out", str(base)),
        outcome=base,
        expected_s=10,
    )
    yield Stage(
        what="submissions of known status, in CodeNet's layout",
        arguments=("miniature", "submissions", "--problems", str(sizes.problems), *seed, "--out", str(tree)),
        outcome=tree / "metadata" / "problem_list.csv",
        expected_s=2,
    )
    yield Stage(
        what="groups of four to train on",
        arguments=("compile", "codenet", str(tree), "--tokenizer", str(base), *seed, "--out", str(groups)),
        outcome=groups,
        expected_s=6,
    )


def _training(out: Path, sizes: Sizes) -> Iterator[Stage]:
    for method in METHODS:
        folder = out / "models" / method
        yield Stage(
            what=f"training by {method}",
            arguments=(
                "train", method, "--groups", str(out / "groups"), "--model", str(out / "models" / "base"),
                "--max-steps", str(sizes.steps), *_TRAINING, "--seed", str(sizes.seed), "--out", str(folder),
            ),
            outcome=folder / "checkpoint.json",
            expected_s=40,
        )  # fmt: skip


def _examination(out: Path, sizes: Sizes, judging: tuple[str, ...]) -> Iterator[Stage]:
    drawings = (
        ("", "ten samples a problem", ("--n", "10", "--k", "1,10", "--max-tokens", "160"), 25.0),
        ("-greedy", "its likeliest program", ("--n", "1", "--max-tokens", "160"), 4.0),
    )
    for suffix, what, drawing, expected_s in drawings:
        for policy in POLICIES:
            folder = out / "runs" / f"{policy}{suffix}"
            yield Stage(
                what=f"{policy}: {what}",
                arguments=(
                    "run", "--benchmark", "miniature", "--limit", str(sizes.tests), "--backend", "transformers",
                    "--model", str(out / "models" / policy), "--policy", policy, *drawing,
                    "--seed", str(sizes.seed), *judging, "--out", str(folder),
                ),
                outcome=folder / "result.json",
                expected_s=expected_s,
            )  # fmt: skip
