"""Judges samples while others are generated: the model waits for the device, the judge for processes."""

import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

from harness.errors import Unavailable
from harness.examination.evaluate import already_judged
from harness.examination.examine import ExaminationSettings
from harness.generation.backend import Engine
from harness.generation.generate import BackgroundJudge, missing_of, put_in_order
from harness.generation.planning import GenerationPlan, generate_missing
from harness.progress import watched
from harness.runs.jsonl import sole_writer
from harness.runs.records import Evaluation, Problem, Sample
from harness.runs.row_store import SampleFile, SampleIndex
from harness.runs.run_folder import EVALUATIONS, SAMPLES


def generate_and_judge(
    engine: Engine, plan: GenerationPlan, problems: Mapping[str, Problem], out: Path, settings: ExaminationSettings
) -> SampleFile:
    """Generate the missing samples of a run and judge them meanwhile.

    Args:
        engine: a loaded model.
        plan: of the samples.
        problems: of the benchmark.
        out: the folder of the run.
        settings: of the examination.

    Returns:
        All samples, in the order of the plan; a few may be left to be judged.

    Raises:
        Unavailable: The engine went away; the samples that it had generated have been judged.
    """
    path, lost = out / SAMPLES, None
    with sole_writer(path) as samples_file, sole_writer(out / EVALUATIONS) as file:
        missing = missing_of(path, plan.requests, plan.policy)
        stored = SampleFile(path)
        done = SampleIndex()
        for _ in already_judged(out / EVALUATIONS, stored, done):
            pass
        to_judge = len(stored) - len(done)

        def judge(samples: Iterator[Sample], halt: Future[None]) -> Iterator[Evaluation]:
            rest = (sample for sample in samples if sample.key not in done)
            return settings.judge(rest, problems, file, halt)

        with BackgroundJudge(path, judge) as background:
            background.announce(len(stored))
            samples = generate_missing(engine, plan, missing, samples_file, lambda: f"{background.judged} judged")
            with closing(samples):
                try:
                    for _ in samples:
                        background.announce()
                        to_judge += 1
                except Unavailable as error:
                    lost = error
            for _ in watched(background.rest(), to_judge - background.judged, "judged", sys.stderr):
                pass
        if lost:
            raise lost
        return put_in_order(path, plan.requests, plan.policy)
