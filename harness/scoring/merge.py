"""Merges the shards of a run: the files are those of the run that was never divided."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.benchmarks.problem_info import ProblemInfos, fingerprint, splits_of, usual_limits
from harness.benchmarks.selection import of_shard
from harness.errors import UserError
from harness.examination.evaluate import already_judged
from harness.runs.jsonl import append, whole_file
from harness.runs.records import Evaluation, Generation, Result, Run, Sample
from harness.runs.row_store import KeyedRows, SampleCopy, SampleFile, SampleIndex
from harness.runs.run_folder import EVALUATIONS, SAMPLES, open_generation, open_run
from harness.scoring.conclude import conclude

_UNFINISHED = "is not finished; give the command that made it once more"


def merge_generations(shards: Mapping[Path, Generation], infos: ProblemInfos, out: Path) -> None:
    """Merge generated samples into the folder `out`.

    Args:
        shards: folder and record of each, in their order.
        infos: of all their problems, in the benchmark's order.
        out: where to write.

    Raises:
        UserError: A shard is not finished, is not of these problems, or `out` holds something else.
    """
    stored = {folder: SampleFile(folder / SAMPLES) for folder in shards}
    for folder, shard in shards.items():
        _refuse_other_problems(folder, shard.shard, shard.prompts, infos)
        if len(stored[folder]) < shard.sampling.n * len(shard.prompts):
            raise UserError(f"{folder}: {_UNFINISHED}")
    first = next(iter(shards.values()))
    prompts = dict(chain.from_iterable(shard.prompts.items() for shard in shards.values()))
    prompts = {task_id: prompts[task_id] for task_id in infos}
    open_generation(out, msgspec.structs.replace(first, shard="", splits=splits_of(infos), prompts=prompts))
    if not (out / SAMPLES).exists():
        SampleCopy(_in_order(stored, infos), out).hand_over(out / SAMPLES)


def merge_runs(shards: Mapping[Path, Run], infos: ProblemInfos, out: Path) -> Sequence[Result]:
    """Merge judged samples into the folder `out`, where the samples may be already.

    Args:
        shards: folder and record of each, in their order.
        infos: of all their problems, in the benchmark's order.
        out: where to write.

    Returns:
        One result a policy, sorted by policy.

    Raises:
        UserError: A shard is not finished, is not of these problems, or `out` holds something else.
    """
    for folder, shard in shards.items():
        _refuse_other_problems(folder, shard.conditions.shard, shard.problems, infos)
        for task_id, sha256 in shard.problems.items():
            if infos[task_id].sha256 != sha256:
                raise UserError(
                    f"{folder}: task {task_id} is not the one that was judged; name the same --data as then"
                )
    stored = {folder: SampleFile(folder / SAMPLES, shard.samples_sha256) for folder, shard in shards.items()}
    samples = SampleCopy(_in_order(stored, infos), out)
    problems = {task_id: info.sha256 for task_id, info in infos.items()}
    first = next(iter(shards.values()))
    conditions = msgspec.structs.replace(
        first.conditions,
        shard="",
        splits=splits_of(infos),
        problems_sha256=fingerprint(problems),
        samples=max(samples.tally.counts.values()),
        limits=usual_limits(infos.values()),
    )
    whole = msgspec.structs.replace(
        first, samples_sha256=samples.tally.sha256, conditions=conditions, problems=problems
    )
    open_run(out, whole, samples)
    evaluations = chain.from_iterable(_finished(folder, samples) for folder, samples in stored.items())
    with whole_file(out / EVALUATIONS) as file:
        return conclude(out, whole, _written(evaluations, file), infos, samples.tally.usage)


def _refuse_other_problems(folder: Path, shard: str, task_ids: Iterable[str], infos: ProblemInfos) -> None:
    if list(task_ids) != list(of_shard(infos, shard)):
        raise UserError(
            f"{folder}: does not hold the problems of shard {shard} of these {len(infos)}; "
            "make all shards from the same samples, --split and --limit"
        )


def _in_order(stored: Mapping[Path, SampleFile], infos: ProblemInfos) -> Iterator[Sample]:
    """Yield the samples of all shards, task by task in the benchmark's order."""
    return (sample for task_id in infos for samples in stored.values() for sample in samples.of_task(task_id))


def _finished(folder: Path, samples: SampleFile) -> Iterator[Evaluation]:
    """Yield the evaluation of every sample of a shard, sandbox errors that have remained among them."""
    path = folder / EVALUATIONS
    done = SampleIndex()
    yield from already_judged(path, samples, done)
    if len(done) < len(samples):
        rows = KeyedRows(path, Evaluation)
        if len(rows) < len(samples):
            raise UserError(f"{folder}: {_UNFINISHED}")
        yield from (rows[key] for key in rows if key not in done)


def _written(evaluations: Iterable[Evaluation], file: BinaryIO) -> Iterator[Evaluation]:
    for evaluation in evaluations:
        append(file, evaluation)
        yield evaluation
