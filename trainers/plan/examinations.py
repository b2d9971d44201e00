"""Forecasts the examinations on the way of a training: samples, tokens, hours of generation and of judging."""

import os
from functools import partial
from pathlib import Path

import msgspec

from harness.api import load_benchmark
from harness.benchmarks.problem_info import problem_infos
from harness.benchmarks.selection import selected_problems
from harness.errors import UserError
from harness.examination.evaluate import evaluate
from harness.examination.examine import jail_report
from harness.extraction.program import AS_IT_IS
from harness.generation.models import model_token_counter
from harness.generation.planning import card_for
from harness.plan import ExaminationSize, Range, forecast_examination, measured_problems
from sandbox.jail import Jail, layers_of
from trainers.config import TrainingOptions
from trainers.dataset import TOKENIZER_FILE, examined_steps


class ExaminationsForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the forecast of all examinations of a training together."""

    count: int
    samples: int
    prompt_tokens: Range
    completion_tokens: Range
    hours: Range
    """Of generation, on one A100 with 80 GB."""
    judging_hours: Range | None
    """On the clock, with all cores of this machine; None where no problem has a reference."""
    disk_bytes: Range


def examination_jail(options: TrainingOptions) -> Jail:
    """Return the jail of the examinations of a training.

    Args:
        options: `examine_isolation` counts.

    Raises:
        UserError: There is no such layer.
    """
    try:
        return Jail(layers=layers_of(options.examine_isolation))
    except ValueError as error:
        raise UserError(f"--examine-isolation: {error}") from None


def plan_examinations(model: str, parameters: int, steps: int, options: TrainingOptions) -> ExaminationsForecast | None:
    """Forecast the examinations of a training; references of the benchmark are judged for it on this machine.

    Args:
        model: Folder or name of the model, whose tokenizer counts where it is in the folder.
        parameters: Of the model.
        steps: Of the training.
        options: Those with `examine` in their names count.

    Returns:
        The forecast; None where no benchmark is named.

    Raises:
        UserError: The benchmark can't be had.
    """
    if options.examine is None:
        return None
    loaded, problems = load_benchmark(options.examine, data=options.examine_data)
    card = card_for(loaded, options.examine_card)
    chosen = tuple(selected_problems(problem_infos(problems, problems), loaded, options.examine_split, ""))
    task_ids, jail, cores = chosen[: options.examine_limit], examination_jail(options), len(os.sched_getaffinity(0))
    jail_report(jail)
    count = model_token_counter(Path(model)) if (Path(model) / TOKENIZER_FILE).is_file() else None
    judge = partial(evaluate, extraction=AS_IT_IS, jail=jail, workers=cores)
    size = ExaminationSize(
        problems=len(task_ids), n=options.examine_n, max_tokens=options.examine_max_tokens or card.max_tokens,
        parameters=parameters, nodes=1, cores_per_node=cores, gpus_per_node=1,
    )  # fmt: skip
    each = forecast_examination(size, measured_problems(problems, task_ids, card, count, judge))
    times = len(examined_steps(steps, options))
    return ExaminationsForecast(
        count=times,
        samples=times * each.samples,
        prompt_tokens=each.prompt_tokens.times(times),
        completion_tokens=each.completion_tokens.times(times),
        hours=each.gpus[0].hours.times(times),
        judging_hours=each.judging_hours and each.judging_hours.times(times),
        disk_bytes=each.disk_bytes.times(times),
    )
