"""`proctor run`: problems and a model in, pass@k out; samples are judged while others are drawn."""

import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import click

from harness.cli.drawing import Drawing, Plan, backend_of, drawing_options, drawn, planned
from harness.cli.options import Judging, judging_options, opened, out_option, probed, problem_options, source_of, told
from harness.errors import Unavailable
from harness.examination.evaluate import already_judged
from harness.examination.examine import Origin, Protocol, examine, judged, run_of
from harness.generation.backend import Engine
from harness.generation.generate import BackgroundJudge, missing_of, put_in_order
from harness.progress import watched
from harness.runs.jsonl import read_rows, sole_writer
from harness.runs.records import Evaluation, Problem, Sample
from harness.runs.row_store import SampleFile, SampleIndex
from harness.runs.run_folder import EVALUATIONS, SAMPLES, open_generation, open_run
from harness.scoring.score import refuse_short


@click.command("run")
@problem_options
@drawing_options
@judging_options
@out_option
def command(*, benchmark: str, data: Path | None, drawing: Drawing, judging: Judging, out: Path) -> int:
    """Draw samples from a model and judge them meanwhile.

    The same as `proctor generate` and then `proctor score`, in the time of the longer of the two. A run that was killed
    goes on when the same command is given again.
    """
    backend = backend_of(drawing)
    source = source_of(benchmark, data, judging.limits)
    found, problems = opened(source)
    plan = planned(drawing, source, found, problems)
    probed(judging.jail)
    refuse_short({(plan.policy, task_id): plan.sampling.n for task_id in plan.infos}, judging.k)
    with backend.load(drawing.model, drawing.options) as engine:
        generation = plan.generation(engine.producer)
        origin = Origin(
            prompt_card=plan.prompt_card, sampling=plan.sampling, producer=generation.producer, shard=plan.shard
        )
        protocol = judging.protocol(source, plan.problem_set, origin)
        run = run_of(plan.infos, protocol, samples_sha256="")
        open_generation(out, generation)
        open_run(out, run, tuple)
        _draw_and_judge(engine, plan, problems, out, protocol)
    results = examine(
        lambda: (sample for _, sample in read_rows(out / SAMPLES, Sample)), problems, plan.infos, out, protocol
    )
    return told(results, out, judging)


def _draw_and_judge(engine: Engine, plan: Plan, problems: Mapping[str, Problem], out: Path, protocol: Protocol) -> None:
    """Draw what is missing and judge what has been drawn; what the judge has no answer to is left to the end.

    Raises:
        Unavailable: The engine went away; what it had drawn has been judged.
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
            return judged((sample for sample in samples if sample.key not in done), problems, file, protocol, halt)

        with BackgroundJudge(path, judge) as background:
            background.announce(len(stored))
            samples = drawn(engine, plan, missing, samples_file, lambda: f"{background.judged} judged")
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
        put_in_order(path, plan.requests, plan.policy)
