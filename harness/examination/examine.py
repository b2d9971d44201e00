"""Judges the samples of a run into its folder; a run that was killed goes on with those that are left."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from harness.benchmarks.prelude import load_prelude
from harness.benchmarks.problem_info import ProblemInfos, fingerprint, splits_of, usual_limits
from harness.errors import UserError
from harness.examination.evaluate import Evaluator, already_judged, evaluate
from harness.extraction.program import SETTINGS
from harness.progress import watched
from harness.runs.jsonl import read, sha256_of_file, sole_writer
from harness.runs.records import Conditions, Evaluation, Problem, Producer, PromptCardId, Run, Sample, Sampling, Source
from harness.runs.row_store import SampleFile, SampleIndex
from harness.runs.run_folder import EVALUATIONS, GENERATION, RUN
from sandbox.head_start import HeadStart
from sandbox.jail import Jail, JailReport, probe
from sandbox.pool import cores_of
from sandbox.records import Refused


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Records the origin of samples, as far as it is known."""

    prompt_card: PromptCardId | None = None
    sampling: Sampling | None = None
    producer: Producer | None = None
    shard: str = ""
    """Where they are those of some problems only."""


class JudgingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settles the judging of samples."""

    extraction: str = SETTINGS[0]
    """Completion to program, one of `harness.extraction.program.SETTINGS`."""
    exhaustive: bool = False
    """Whether every test is judged, not only up to the first that fails."""
    reuse: bool = True
    """Whether equal programs of a problem are judged once: a program that is right is so each time."""
    jail: Jail = Jail()
    """Where programs run; by default under every layer of isolation that this host has."""
    workers: int | None = None
    """Programs judged at once; by default one a core."""
    cluster: str | None = None
    """Address of a Ray cluster that judges instead of this machine."""
    ahead: HeadStart | None = None
    """The first of the workers, where it was started before the samples were read."""

    @property
    def evaluator(self) -> Evaluator:
        """Return the function that judges."""
        if self.cluster:
            from harness.examination.cluster import evaluate_on_cluster  # noqa: PLC0415 - few judge on one

            return partial(evaluate_on_cluster, address=self.cluster)
        return partial(evaluate, workers=self.workers or len(os.sched_getaffinity(0)), ahead=self.ahead)

    @contextmanager
    def started(self) -> Iterator[Self]:
        """Start the first worker, where there is none and this machine judges; end it at the end."""
        if self.ahead is not None or self.cluster:
            yield self
            return
        with HeadStart(self.jail, cores_of(self.workers or len(os.sched_getaffinity(0)))) as ahead:
            yield msgspec.structs.replace(self, ahead=ahead)


class ExaminationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settles an examination but for its samples and problems."""

    k: tuple[int, ...]
    source: Source
    judging: JudgingSettings
    origin: Origin = Origin()
    problem_set: str = ""

    def judge(
        self,
        samples: Iterable[Sample],
        problems: Mapping[str, Problem],
        file: BinaryIO,
        halt: Future[None] | None = None,
    ) -> Iterator[Evaluation]:
        """Judge samples under these settings and yield their evaluations.

        Args:
            samples: best with those of a task in sequence.
            problems: by task id.
            file: JSON Lines, open to append.
            halt: when another thread gives it a result, nothing more is judged.
        """
        judging = self.judging
        return judging.evaluator(
            samples, problems, file, extraction=judging.extraction, card=self.origin.prompt_card, jail=judging.jail,
            exhaustive=judging.exhaustive, reuse=judging.reuse, halt=halt,
        )  # fmt: skip


def origin_of(samples: Path) -> Origin:
    """Return the origin of samples, as the records of their folder have it.

    Args:
        samples: folder of samples or of a run, or a file.

    Returns:
        An unknown one for a file, or a folder without such records.
    """
    if (samples / GENERATION).exists():
        return read(samples / GENERATION, Origin)
    if (samples / RUN).exists():
        return read(samples / RUN, _OriginOfRun).conditions or read(samples / RUN, Origin)  # as of schema 3
    return Origin()


class _OriginOfRun(msgspec.Struct):
    conditions: Origin | None = None


def jail_report(jail: Jail, ahead: HeadStart | None = None) -> JailReport:
    """Start a jail once, unless a worker is starting one.

    Args:
        jail: the interpreter and the layers around it.
        ahead: the worker that is starting it; None where there is none.

    Returns:
        The layers of isolation in force, and the version of the interpreter.

    Raises:
        UserError: This host offers too little.
    """
    try:
        return ahead.report() if ahead else probe(jail)
    except Refused as refusal:
        raise UserError(str(refusal)) from refusal


def run_record(infos: ProblemInfos, settings: ExaminationSettings, samples: int, samples_sha256: str = "") -> Run:
    """Return the record of an examination.

    Args:
        infos: of the problems that are judged.
        settings: of the examination.
        samples: of the problem that has most.
        samples_sha256: empty while samples are being generated.

    Raises:
        UserError: This host isolates too little.
    """
    report = jail_report(settings.judging.jail, settings.judging.ahead)
    problems = {info.task_id: info.sha256 for info in infos.values()}
    conditions = Conditions(
        benchmark=next(iter(infos.values())).benchmark,
        data_version=next(iter(infos.values())).data_version,
        problem_set=settings.problem_set,
        splits=splits_of(infos),
        shard=settings.origin.shard,
        problems_sha256=fingerprint(problems),
        samples=samples,
        prompt_card=settings.origin.prompt_card,
        sampling=settings.origin.sampling,
        producer=settings.origin.producer,
        extraction=settings.judging.extraction,
        exhaustive=settings.judging.exhaustive,
        limits=usual_limits(infos.values()),
        limits_file=Path(settings.source.limits).name if settings.source.limits else "",
        checkers_sha256=sha256_of_file(Path(settings.source.checkers)) if settings.source.checkers else "",
        isolation=report.layers,
        preload=settings.judging.jail.preload,
        allow=report.packages,
        preludes={name: load_prelude(name).sha256 for name in sorted({i.prelude for i in infos.values()} - {""})},
        python=report.python,
        proctor=version("proctor"),
    )
    return Run(
        samples_sha256=samples_sha256, k=settings.k, conditions=conditions, source=settings.source, problems=problems
    )


def judge_rest(
    samples: SampleFile,
    problems: Mapping[str, Problem],
    infos: ProblemInfos,
    out: Path,
    settings: ExaminationSettings,
) -> Iterator[Evaluation]:
    """Yield the evaluations that an earlier process made, then judge the other samples task by task.

    Args:
        samples: of the run.
        problems: of the benchmark.
        infos: of the problems that the samples name.
        out: the folder of the run, where evaluations are appended.
        settings: of the examination.

    Raises:
        UserError: The folder holds evaluations of other samples, or another process is judging.
    """
    path = out / EVALUATIONS
    with sole_writer(path) as file:
        done = SampleIndex()
        yield from already_judged(path, samples, done)
        if left := len(samples) - len(done):
            if settings.judging.ahead:
                settings.judging.ahead.expect(left)
            rest = chain.from_iterable(samples.of_task(task_id, but=done) for task_id in infos)
            yield from watched(settings.judge(rest, problems, file), left, "judged", sys.stderr)
