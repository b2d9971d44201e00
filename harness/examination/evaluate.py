"""Judges samples, each once, across any number of kills and restarts."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Protocol

from harness.errors import UserError
from harness.extraction.interpreter import grammar_of
from harness.extraction.program import prelude_of, program_of
from harness.extraction.reading import Extraction
from harness.runs.jsonl import append, resume
from harness.runs.records import Evaluation, Problem, PromptCardId, Sample, SampleKey
from harness.runs.row_store import SampleIndex
from harness.syntax import Grammar
from sandbox.head_start import HeadStart
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import Judgement, Verdict


def already_judged(path: Path, samples: Mapping[SampleKey, Sample], done: SampleIndex) -> Iterator[Evaluation]:
    """Yield the evaluations in a file but sandbox errors: what was our fault is judged again.

    Args:
        path: the file; there are none if it is absent.
        samples: of the run, by their keys; the file may hold evaluations of some only.
        done: gets the keys of the evaluations.

    Raises:
        UserError: The file holds evaluations of other samples.
    """
    for evaluation in resume(path, Evaluation):
        if evaluation.verdict is not Verdict.SANDBOX_ERROR:
            sample = samples.get(evaluation.key) if done.add(evaluation.key) else None
            if sample is None or evaluation.completion_sha256 != _sha256(sample.completion):
                raise UserError(f"{path}: {evaluation.key} is not a sample of this run; choose another --out")
            yield evaluation


class Evaluator(Protocol):
    """Judges samples, here or elsewhere, and yields each evaluation, in any order, when it has been appended."""

    def __call__(
        self,
        samples: Iterable[Sample],
        problems: Mapping[str, Problem],
        file: BinaryIO,
        *,
        extraction: str,
        card: PromptCardId | None = None,
        jail: Jail,
        exhaustive: bool = False,
        reuse: bool = True,
        halt: Future[None] | None = None,
    ) -> Iterator[Evaluation]:
        """Judge the samples; for the arguments see `evaluate`."""


def evaluate(
    samples: Iterable[Sample],
    problems: Mapping[str, Problem],
    file: BinaryIO,
    *,
    extraction: str,
    card: PromptCardId | None = None,
    jail: Jail,
    workers: int,
    exhaustive: bool = False,
    reuse: bool = True,
    halt: Future[None] | None = None,
    ahead: HeadStart | None = None,
) -> Iterator[Evaluation]:
    """Judge the samples and yield each evaluation, in their order, when it has been appended to the file.

    Neither samples nor problems are kept.

    Args:
        samples: best with those of a task in sequence: then its problem is looked up once, and all of them are judged
            by the very same tests, for which the judge keeps its examiner.
        problems: by task id.
        file: JSON Lines, open to append.
        extraction: completion to program, one of `harness.extraction.program.SETTINGS`.
        card: the prompt card of the samples; None where it is unknown.
        jail: the interpreter and the layers around it.
        workers: how many programs to judge at once.
        exhaustive: whether every test is judged, not only up to the first that fails.
        reuse: whether equal programs of a task are judged once.
        halt: when another thread gives it a result, nothing more is judged.
        ahead: the first worker, where it was started before.

    Raises:
        Refused: This host can't hold an untrusted program.
        Fault: Workers can't be started.
    """

    def judge(cases: Iterable[Case]) -> Iterator[Judgement]:
        return judge_all(cases, jail, workers, halt, reuse=reuse, ahead=ahead)

    for evaluation in evaluations_of(
        samples,
        problems,
        judge,
        extraction=extraction,
        card=card,
        exhaustive=exhaustive,
        grammar=grammar_of(jail.python),
    ):
        append(file, evaluation)
        yield evaluation


def evaluations_of(
    samples: Iterable[Sample],
    problems: Mapping[str, Problem],
    judge: Callable[[Iterable[Case]], Iterable[Judgement]],
    *,
    extraction: str,
    card: PromptCardId | None = None,
    exhaustive: bool = False,
    grammar: Grammar | None = None,
) -> Iterator[Evaluation]:
    """Yield the evaluations of samples, in their order.

    Args:
        samples: best with those of a task in sequence.
        problems: by task id.
        judge: returns the judgements of cases, in their order; it may read a few ahead.
        extraction: as in `evaluate`, like the others.
        card: the prompt card of the samples.
        exhaustive: whether every test is judged.
        grammar: that parses as the interpreter of the judge does; None for this one.
    """
    waiting = deque[tuple[Sample, str, Extraction]]()

    def cases() -> Iterator[Case]:
        for task_id, of_task in groupby(samples, lambda sample: sample.task_id):
            problem = problems[task_id]
            for sample in of_task:
                found = program_of(sample, problem, extraction, card, grammar)
                waiting.append((sample, problem.difficulty, found))
                yield Case(
                    program=found.program, tests=problem.tests, limits=problem.limits, exhaustive=exhaustive,
                    prelude=prelude_of(found.program, problem, grammar),
                )  # fmt: skip

    for judgement in judge(cases()):
        yield _evaluation(*waiting.popleft(), judgement)


def _evaluation(sample: Sample, difficulty: str, found: Extraction, judgement: Judgement) -> Evaluation:
    return Evaluation(
        policy=sample.policy,
        task_id=sample.task_id,
        index=sample.index,
        difficulty=difficulty,
        completion_sha256=_sha256(sample.completion),
        program_sha256=_sha256(found.program),
        extraction=found.rule,
        discarded_chars=sum(map(len, found.discarded)),
        complete=found.complete,
        verdict=judgement.verdict,
        per_test=judgement.per_test,
        cpu_s=judgement.cpu_s,
        detail=judgement.detail,
        reused=judgement.reused,
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
