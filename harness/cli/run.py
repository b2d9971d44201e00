"""`proctor run`: generates samples, judges them meanwhile, and reports pass@k."""

import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import click

from harness.api import source_of
from harness.benchmarks.benchmark import open_benchmark
from harness.cli.generation_options import generation_options
from harness.cli.options import JudgingOptions, judging_options, out_option, problem_options, report
from harness.errors import Unavailable
from harness.examination.evaluate import already_judged
from harness.examination.examine import ExaminationSettings, Origin, jail_report, run_record
from harness.generation.backend import Engine
from harness.generation.generate import BackgroundJudge, missing_of, put_in_order
from harness.generation.planning import (
    GenerationPlan,
    GenerationSettings,
    backend_of,
    generate_missing,
    plan_generation,
)
from harness.progress import watched
from harness.runs.jsonl import sole_writer
from harness.runs.records import Evaluation, Problem, Sample
from harness.runs.row_store import SampleFile, SampleIndex
from harness.runs.run_folder import EVALUATIONS, SAMPLES, open_generation, open_run
from harness.scoring.conclude import score_samples
from harness.scoring.score import refuse_short


@click.command("run")
@problem_options
@generation_options
@judging_options
@out_option
def command(
    *, benchmark: str, data: Path | None, settings: GenerationSettings, judging: JudgingOptions, out: Path
) -> int:
    """Generate samples with a model and judge them meanwhile.

    The same as `proctor generate` and then `proctor score`, in the time of the longer of the two. A run that was killed
    goes on when the same command is given again.
    """
    backend = backend_of(settings)
    source = source_of(benchmark, data, judging.limits)
    loaded = open_benchmark(source)
    plan = plan_generation(settings, source, loaded)
    jail_report(judging.jail)
    refuse_short({(plan.policy, task_id): plan.sampling.n for task_id in plan.infos}, judging.k)
    with backend.load(settings.model, settings.options) as engine:
        record = plan.record(engine.producer)
        origin = Origin(
            prompt_card=plan.prompt_card, sampling=plan.sampling, producer=record.producer, shard=plan.shard
        )
        examination = judging.settings(source, plan.problem_set, origin)
        open_generation(out, record)
        open_run(out, run_record(plan.infos, examination, plan.sampling.n))
        samples = _generate_and_judge(engine, plan, loaded.problems, out, examination)
    return report(score_samples(samples, loaded.problems, plan.infos, out, examination), out, judging)


def _generate_and_judge(
    engine: Engine, plan: GenerationPlan, problems: Mapping[str, Problem], out: Path, settings: ExaminationSettings
) -> SampleFile:
    """Generate the missing samples, judge them meanwhile, and return all; those left unjudged are left to the end.

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
