"""Judges samples into the folder of a run: the path that `score` and `demo` share."""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import msgspec

from harness.cli.jail import probed
from harness.cli.progress import watched
from harness.evaluate import Evaluator, already_judged, sole_writer
from harness.records import Evaluation, Problem, PromptCardId, Result, Run, Sample, SampleKey, Source
from harness.run_folder import close_run, open_run
from harness.sample_file import SampleFile, sha256_of_samples
from harness.score import drawn_of, refuse_short, score
from harness.survey import Head, survey, usual_limits
from sandbox.jail import Jail

Samples = Callable[[], Iterable[Sample]]
"""What reads the samples from the start, as often as it is called: they are never held all at once."""


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of an examination beside its samples and problems."""

    k: tuple[int, ...]
    extraction: str
    source: Source
    prompt_card: PromptCardId | None = None
    problem_set: str = ""
    limits_file: str = ""
    exhaustive: bool = False


def heads_of(problems: Mapping[str, Problem], task_ids: Collection[str]) -> Mapping[str, Head]:
    """Go once through those problems and return what is known of them without their tests, in their order."""
    return {head.task_id: head for head in watched(survey(problems, task_ids), len(task_ids), "read", sys.stderr)}


def examine(
    samples: Samples,
    problems: Mapping[str, Problem],
    heads: Mapping[str, Head],
    out: Path,
    *,
    protocol: Protocol,
    jail: Jail,
    evaluator: Evaluator,
) -> tuple[Result, ...]:
    """Judge the samples, or those that a killed run left, and write the run; return its results.

    Args:
        samples: reads the samples.
        problems: those of the benchmark.
        heads: of the problems that the samples name.
        out: the run's folder.
        protocol: what else is asked.
        jail: where programs run.
        evaluator: judges, here or elsewhere.

    Raises:
        UserError: Too few samples for k, too little isolation, or `out` is another run; nothing has been written then.
    """
    refuse_short(drawn_of(samples()), protocol.k)
    run = _run(samples, heads, protocol=protocol, jail=jail)
    open_run(out, run, samples)
    stored = SampleFile(out / "samples.jsonl", run.samples_sha256)
    evaluations = _evaluations(stored, problems, heads, out, run=run, jail=jail, evaluator=evaluator)
    results = score(evaluations, heads, run)
    close_run(out, results)
    return results


def _evaluations(
    samples: SampleFile,
    problems: Mapping[str, Problem],
    heads: Mapping[str, Head],
    out: Path,
    *,
    run: Run,
    jail: Jail,
    evaluator: Evaluator,
) -> Iterator[Evaluation]:
    """Yield what was judged before, then judge the rest task by task."""
    path = out / "evaluations.jsonl"
    with sole_writer(path) as file:
        done = set[SampleKey]()
        for evaluation in already_judged(path, samples):
            done.add(evaluation.key)
            yield evaluation
        place = {task_id: number for number, task_id in enumerate(heads)}
        todo = sorted((key for key in samples if key not in done), key=lambda key: place[key[1]])
        judged = evaluator(
            (samples[key] for key in todo), problems, file,
            extraction=run.extraction, card=run.prompt_card, jail=jail, exhaustive=run.exhaustive,
        )  # fmt: skip
        yield from watched(judged, len(todo), "judged", sys.stderr)


def _run(samples: Samples, heads: Mapping[str, Head], *, protocol: Protocol, jail: Jail) -> Run:
    report = probed(jail)
    return Run(
        samples_sha256=sha256_of_samples(samples()),
        benchmark=next(iter(heads.values())).benchmark,
        problem_set=protocol.problem_set,
        splits=tuple(dict.fromkeys(head.split for head in heads.values())),
        prompt_card=protocol.prompt_card,
        extraction=protocol.extraction,
        k=protocol.k,
        limits=usual_limits(heads.values()),
        limits_file=protocol.limits_file,
        exhaustive=protocol.exhaustive,
        isolation=report.layers,
        preload=jail.preload,
        python=report.python,
        proctor=version("proctor"),
        source=protocol.source,
        problems={head.task_id: head.sha256 for head in heads.values()},
    )
