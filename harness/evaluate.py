"""Samples -> evaluations: every sample is judged once, however often the run is killed and started again."""

import fcntl
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from harness.errors import UserError
from harness.records import Evaluation, Problem, Sample
from harness.storage import append, resume
from sandbox.jail import Jail
from sandbox.judgement import Judgement
from sandbox.pool import Case, judge_all
from sandbox.verdict import Verdict


def already_judged(path: Path, samples: Iterable[Sample]) -> tuple[Evaluation, ...]:
    """Return the evaluations in the file `path`, none if there is no file; they may be of some of the samples only.

    Sandbox errors are left out: what was our fault is judged again.

    Raises:
        UserError: The file holds what is no evaluation of these samples.
    """
    done = tuple(row for row in resume(path, Evaluation) if row.verdict != Verdict.SANDBOX_ERROR)
    open_ = {sample.key: sample for sample in samples}
    for evaluation in done:
        sample = open_.pop(evaluation.key, None)
        if sample is None or evaluation.program_sha256 != _sha256(program_of(sample)):
            raise UserError(f"{path}: {evaluation.key} is no sample of this run; choose another --out")
    return done


def evaluate(
    samples: Sequence[Sample],
    problems: Mapping[str, Problem],
    path: Path,
    *,
    jail: Jail,
    workers: int,
    exhaustive: bool = False,
) -> Iterator[Evaluation]:
    """Judge the samples and yield each evaluation, in their order, when it has been appended to the file `path`.

    Raises:
        UserError: Another process is writing the file.
    """
    cases = (_case(sample, problems[sample.task_id], exhaustive=exhaustive) for sample in samples)
    with _sole_writer(path) as file:
        for sample, judgement in zip(samples, judge_all(cases, jail, workers), strict=True):
            evaluation = _evaluation(sample, problems[sample.task_id], judgement)
            append(file, evaluation)
            yield evaluation


def program_of(sample: Sample) -> str:
    """Return the text that runs: the completion as it is."""
    return sample.completion


@contextmanager
def _sole_writer(path: Path) -> Iterator[BinaryIO]:
    """Open the file for appending; two processes that append to one file would judge everything twice."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{path}: another proctor is writing this run; wait for it or choose another --out"
            ) from None
        yield file


def _case(sample: Sample, problem: Problem, *, exhaustive: bool) -> Case:
    return Case(program=program_of(sample), tests=problem.tests, limits=problem.limits, exhaustive=exhaustive)


def _evaluation(sample: Sample, problem: Problem, judgement: Judgement) -> Evaluation:
    return Evaluation(
        policy=sample.policy,
        task_id=sample.task_id,
        index=sample.index,
        difficulty=problem.difficulty,
        program_sha256=_sha256(program_of(sample)),
        verdict=judgement.verdict,
        per_test=judgement.per_test,
        cpu_s=judgement.cpu_s,
        detail=judgement.detail,
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
