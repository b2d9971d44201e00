"""Lists the command lines of the demo's stages, and examines the programs of known verdict."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.benchmarks.mini import Known, known_samples, mini
from harness.benchmarks.problem_info import problem_infos
from harness.examination.examine import ExaminationSettings, JudgingSettings
from harness.runs.jsonl import read_rows
from harness.runs.records import Evaluation, SampleKey, Source
from harness.runs.row_store import SampleCopy
from harness.runs.run_folder import EVALUATIONS
from harness.scoring.conclude import score_samples
from harness.scoring.report import report_markdown
from sandbox.jail import Jail

METHODS = ("sft", "rloo", "rloo-grpo", "rloo-exp")
POLICIES = ("base", *METHODS)

_TRAINING = ("--learning-rate", "5e-5", "--warmup-share", "0.1", "--save-every-steps", "50")
"""The same for every method."""


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the sizes of a demo."""

    seed: int = 0
    problems: int = 720
    """That groups are compiled from."""
    steps: int = 300
    """Of each training, two groups of four programs each."""
    tests: int = 180
    """Held-out problems of each policy's examination."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Describes a command and its outcome, one file or folder that is there once all is done."""

    what: str
    arguments: tuple[str, ...]
    outcome: Path
    expected_s: float
    """On two cores, in proportion to the other stages; says what is left."""


def stages(out: Path, sizes: Sizes, judging: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return the stages of a demo.

    Args:
        out: Folder of the demo.
        sizes: Seed, problems, steps and tests.
        judging: Options of the sandbox, as for `proctor run`.

    Returns:
        The stages in order; each needs the outcomes of those before it.
    """
    return (*_material(out, sizes), *_training(out, sizes), *_examination(out, sizes, judging))


def finale(out: Path) -> tuple[tuple[str, ...], ...]:
    """Return the commands that write the scores into the model cards and make the tables: their output is the demo's.

    Args:
        out: Folder of a demo whose stages are done.

    Returns:
        The arguments of `proctor` for each.
    """
    sampled = [f"{policy}={out / 'runs' / policy}" for policy in POLICIES]
    greedy = [f"{policy}@0.85M={out / 'runs' / f'{policy}-greedy'}" for policy in POLICIES]
    trainings = [f"--checkpoint={method}={out / 'models' / method}" for method in METHODS]
    cards = (
        ("card", str(out / "models" / policy), str(out / "runs" / policy), str(out / "runs" / f"{policy}-greedy"))
        for policy in POLICIES
    )
    return (
        *cards,
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
    samplings = (
        ("", "ten samples a problem", ("--n", "10", "--k", "1,10", "--max-tokens", "160"), 25.0),
        ("-greedy", "its likeliest program", ("--n", "1", "--max-tokens", "160"), 4.0),
    )
    for suffix, what, sampling, expected_s in samplings:
        for policy in POLICIES:
            folder = out / "runs" / f"{policy}{suffix}"
            yield Stage(
                what=f"{policy}: {what}",
                arguments=(
                    "run", "--benchmark", "miniature", "--limit", str(sizes.tests), "--backend", "transformers",
                    "--model", str(out / "models" / policy), "--policy", policy, *sampling,
                    "--seed", str(sizes.seed), *judging, "--out", str(folder),
                ),
                outcome=folder / "result.json",
                expected_s=expected_s,
            )  # fmt: skip


class KnownExamination(NamedTuple):
    """Reports an examination of programs of known verdict, and the number of other verdicts."""

    text: str
    surprises: int


def examine_known(jail: Jail, workers: int, out: Path) -> KnownExamination:
    """Judge the programs of known verdict that ship with proctor.

    Every problem of the benchmark `mini` comes with a reference and with wrong, slow and crashing programs whose
    verdict is known. All are judged; a verdict that differs from the known one is our fault.

    Args:
        jail: The interpreter and the layers around it.
        workers: Programs judged at once.
        out: Folder of the run, new or of the same run.

    Returns:
        The report with a line for each other verdict, and their number.
    """
    known = tuple(known_samples())
    shipped = mini.problems(None)
    samples = SampleCopy((program.sample for program in known), out)
    judging = JudgingSettings(jail=jail, workers=workers)
    settings = ExaminationSettings(k=(1,), source=Source(benchmark="mini"), judging=judging)
    infos = problem_infos(shipped, {program.sample.task_id for program in known})
    report = report_markdown(score_samples(samples, shipped, infos, out, settings))
    evaluations = {evaluation.key: evaluation for _, evaluation in read_rows(out / EVALUATIONS, Evaluation)}
    surprises = tuple(_surprises(known, evaluations))
    counts = f"{len(known) - len(surprises)} of {len(known)} verdicts are the known ones. Results written to {out}"
    return KnownExamination("\n".join((report, *surprises, counts)), len(surprises))


def _surprises(known: Sequence[Known], evaluations: Mapping[SampleKey, Evaluation]) -> Iterator[str]:
    for sample, verdict, why in known:
        evaluation = evaluations[sample.key]
        if evaluation.verdict != verdict:
            yield (
                f"{sample.task_id}, {sample.policy} {sample.index} ({why}): {evaluation.verdict} instead of {verdict}; "
                f"{evaluation.detail}"
            )
