"""`proctor score`: samples in, pass@k out."""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from harness.benchmarks.flaws import refuse_flawed
from harness.benchmarks.problem_info import problem_infos
from harness.benchmarks.selection import all_drawn, of_shard, of_split, whole_set
from harness.cli.options import (
    Judging,
    judging_options,
    opened,
    out_option,
    problem_options,
    shard_option,
    source_of,
    told,
)
from harness.errors import UserError
from harness.examination.examine import Origin, examine
from harness.generation.prompts import card_id, load_card
from harness.runs.jsonl import read
from harness.runs.records import Sample
from harness.runs.run_folder import GENERATION, RUN
from harness.runs.samples import open_samples


@click.command("score")
@click.argument("samples", type=click.Path(path_type=Path))
@problem_options
@click.option("--split", default="all", metavar="NAME", help="Judge only tasks of this split (default: all).")
@click.option("--problem-set", default="", metavar="NAME", help="Judge a published set of problems, all of it.")
@shard_option
@click.option("--prompt-card", metavar="CARD", help="Name or path of the card that the samples were drawn with.")
@judging_options
@out_option
def command(
    *,
    samples: Path,
    benchmark: str,
    data: Path | None,
    split: str,
    problem_set: str,
    shard: str,
    prompt_card: str | None,
    judging: Judging,
    out: Path,
) -> int:
    """Judge samples and report pass@k with intervals.

    SAMPLES is a file of human-eval, evalplus, bigcode-evaluation-harness or proctor (plain or .gz), or the folder of a
    run. Every task that the samples name is judged. A run that was killed goes on when the same command is given again.
    """
    if problem_set and split != "all":
        raise UserError("--split and --problem-set each choose the problems; give one of them")
    source = source_of(benchmark, data, judging.limits)
    found, problems = opened(source)
    drawn, read_all = open_samples(samples, found, problems)
    origin = _origin(samples)
    if shard and origin.shard:
        raise UserError(f"--shard {shard}: {samples} is shard {origin.shard} already; leave the option out")
    if problem_set:
        whole = whole_set(problem_infos(problems, problems), found, problem_set)
        infos = all_drawn(of_shard(whole, shard or origin.shard), problem_set, drawn)
    else:
        infos = of_shard(of_split(problem_infos(problems, {task_id for _, task_id in drawn}), split), shard)
    refuse_flawed(problems, infos)

    def chosen() -> Iterator[Sample]:
        return (sample for sample in read_all() if sample.task_id in infos)

    origin = msgspec.structs.replace(origin, shard=shard or origin.shard)
    if prompt_card:
        origin = msgspec.structs.replace(origin, prompt_card=card_id(load_card(prompt_card)))
    protocol = judging.protocol(source, problem_set, origin)
    return told(examine(chosen, problems, infos, out, protocol), out, judging)


def _origin(samples: Path) -> Origin:
    """Return what the generation.json or run.json of a folder says of its samples; nothing of those in a file."""
    said = (samples / name for name in (GENERATION, RUN))
    return next((read(path, Origin) for path in said if path.exists()), Origin())
