"""Judges samples into the folder of a run: the path that `score`, `run` and `demo` share."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.benchmarks.problem_info import ProblemInfos, usual_limits
from harness.cli.options import probed
from harness.examination.evaluate import Evaluator, already_judged
from harness.progress import watched
from harness.runs.jsonl import sole_writer
from harness.runs.records import Evaluation, Problem, Producer, PromptCardId, Result, Run, Sample, Sampling, Source
from harness.runs.row_store import SampleFile, SampleIndex
from harness.runs.run_folder import EVALUATIONS, SAMPLES, close_run, open_run
from harness.runs.samples import stock_of
from harness.scoring.score import refuse_short, score
from sandbox.jail import Jail

Samples = Callable[[], Iterable[Sample]]
"""What reads the samples from the start, as often as it is called: they are never held all at once."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """How the samples came about, as far as it is known."""

    prompt_card: PromptCardId | None = None
    sampling: Sampling | None = None
    producer: Producer | None = None
    shard: str = ""
    """Where they are those of some problems only."""


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of an examination beside its samples and problems."""

    k: tuple[int, ...]
    extraction: str
    source: Source
    origin: Origin = Origin()
    problem_set: str = ""
    limits_file: str = ""
    exhaustive: bool = False
    jail: Jail
    """Where programs run."""
    evaluator: Evaluator
    """Judges, on this machine or others."""


def examine(
    samples: Samples, problems: Mapping[str, Problem], infos: ProblemInfos, out: Path, protocol: Protocol
) -> tuple[Result, ...]:
    """Judge the samples, or those that a killed run left, and write the run; return its results.

    Args:
        samples: reads the samples.
        problems: those of the benchmark.
        infos: of the problems that the samples name.
        out: the run's folder.
        protocol: what else is asked.

    Raises:
        UserError: Too few samples for k, too little isolation, or `out` is another run; nothing has been written then.
    """
    stock = stock_of(samples())
    refuse_short(stock.drawn, protocol.k)
    run = run_of(infos, protocol, stock.sha256)
    open_run(out, run, samples)
    stored = SampleFile(out / SAMPLES, run.samples_sha256)
    results = score(_evaluations(stored, problems, infos, out, protocol), infos, run, stock.usage)
    close_run(out, results)
    return results


def run_of(infos: ProblemInfos, protocol: Protocol, samples_sha256: str) -> Run:
    """Return the record of what is asked; raise UserError where this host isolates too little."""
    report = probed(protocol.jail)
    return Run(
        samples_sha256=samples_sha256,
        benchmark=next(iter(infos.values())).benchmark,
        problem_set=protocol.problem_set,
        splits=tuple(dict.fromkeys(info.split for info in infos.values())),
        prompt_card=protocol.origin.prompt_card,
        sampling=protocol.origin.sampling,
        producer=protocol.origin.producer,
        extraction=protocol.extraction,
        k=protocol.k,
        limits=usual_limits(infos.values()),
        limits_file=protocol.limits_file,
        exhaustive=protocol.exhaustive,
        isolation=report.layers,
        preload=protocol.jail.preload,
        python=report.python,
        proctor=version("proctor"),
        source=protocol.source,
        problems={info.task_id: info.sha256 for info in infos.values()},
        shard=protocol.origin.shard,
    )


def judged(
    samples: Iterable[Sample],
    problems: Mapping[str, Problem],
    file: BinaryIO,
    protocol: Protocol,
    halt: Future[None] | None = None,
) -> Iterator[Evaluation]:
    """Judge the samples as the protocol asks, see `harness.examination.evaluate.Evaluator`."""
    return protocol.evaluator(
        samples, problems, file, extraction=protocol.extraction, card=protocol.origin.prompt_card, jail=protocol.jail,
        exhaustive=protocol.exhaustive, halt=halt,
    )  # fmt: skip


def _evaluations(
    samples: SampleFile,
    problems: Mapping[str, Problem],
    infos: ProblemInfos,
    out: Path,
    protocol: Protocol,
) -> Iterator[Evaluation]:
    """Yield what was judged before, then judge the rest task by task."""
    path = out / EVALUATIONS
    with sole_writer(path) as file:
        done = SampleIndex()
        yield from already_judged(path, samples, done)
        if todo := len(samples) - len(done):
            rest = chain.from_iterable(samples.of_task(task_id, but=done) for task_id in infos)
            yield from watched(judged(rest, problems, file, protocol), todo, "judged", sys.stderr)
