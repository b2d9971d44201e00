"""Runs `proctor study`: many commands of proctor from one file, each once, to tables with the right statistics."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from harness.cli.main import proctor, run
from harness.errors import UserError
from harness.runs.jsonl import write_whole
from trainers.study.carry_out import captured_outputs, carry_out, failed_line, load_libraries
from trainers.study.contents import ABSENT, content_hashes
from trainers.study.outlook import outlook_markdown, outlooks
from trainers.study.report import study_report
from trainers.study.slurm import write_jobs
from trainers.study.steps import StudyStep, chosen_steps, steps_of
from trainers.study.study_file import Study, read_study, study_files

README = "README.md"


@click.command("study")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/study"),
    help="Folder of the outcomes; studies in one folder share steps (default: runs/study).",
)
@click.option("--plan", is_flag=True, help="Print steps, tokens, hours and disk, and run no step.")
@click.option("--only", multiple=True, metavar="STEP", help="Only steps of this name or id; repeatable.")
@click.option("--shard", default="", metavar="I/N", help="Only every Nth of these steps, from the Ith.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, help="Steps that run at once (default: 1).")
@click.option("--slurm", is_flag=True, help="Write a Slurm job array for each level of the steps, and run no step.")
@click.option("--report", is_flag=True, help="Write the README of the steps that are done, and run no step.")
def command(
    *, file: Path, out: Path, plan: bool, only: tuple[str, ...], shard: str, jobs: int, slurm: bool, report: bool
) -> int:
    """Run many commands of proctor from one file, each once.

    FILE is a TOML file (docs/studies.md) of commands, and of what they are repeated over: models, methods, seeds,
    settings, benchmarks. Each step is a command of proctor, is named by the hash of all that decides it, and runs once;
    the same command resumes, and an edit of the file repeats only what depends on it.
    """
    if plan + slurm + report > 1:
        raise click.UsageError("--plan, --slurm and --report exclude each other.")
    study = read_study(file)
    hashes = content_hashes(study_files(study), out)
    steps = steps_of(study, hashes, out)
    check_commands(file, steps)
    chosen = chosen_steps(steps, only, shard)
    folder = out / file.stem
    if plan:
        load_libraries(chosen)
        with tempfile.TemporaryDirectory() as place:
            click.echo(outlook_markdown(outlooks(chosen, partial(captured_outputs, proctor=run, folder=Path(place)))))
        return 0
    if report:
        left = sum(not step.is_done for step in steps)
        faults = [f"{left} of {len(steps)} steps are not done"] if left else []
        _report(study, file, steps, hashes, folder=folder, faults=faults)
        return 0
    _refuse_absent(study, hashes, chosen)
    if slurm:
        click.echo(f"Submit with: bash {write_jobs(chosen, file, out, folder / 'slurm')}")
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    load_libraries([step for step in chosen if not step.is_done])
    with (folder / "log.txt").open("a", encoding="utf-8", errors="surrogateescape") as log:

        def say(text: str) -> None:
            print(text, file=log, flush=True)
            click.echo(f"\n{text}", err=True)

        failures = carry_out(chosen, run, jobs=jobs, say=say)
    left = sum(not step.is_done for step in steps)
    if left and not failures:
        click.echo(
            f"{len(steps) - left} of {len(steps)} steps are done; the others need a run without --only and --shard"
        )
        return 0
    faults = [failed_line(failure) for failure in failures]
    _report(study, file, steps, hashes, folder=folder, faults=faults)
    for fault in faults:
        click.echo(f"proctor: {fault}", err=True)
    return failures[0].code if failures else 0


def check_commands(file: Path, steps: Sequence[StudyStep]) -> None:
    """Refuse a step whose command line proctor would refuse, before any step runs.

    Args:
        file: Of the study.
        steps: Of the study.

    Raises:
        UserError: A command or an option doesn't exist, or a value is not one of it.
    """
    for step in steps:
        for key, arguments in (("command", step.arguments), ("plan", step.plan and (*step.plan, "--json"))):
            if arguments:
                _check(f"{file}: steps.{step.name}.{key}", arguments)


def _check(where: str, arguments: Sequence[str]) -> None:
    current: click.Command = proctor
    context, rest = click.Context(proctor, info_name="proctor"), list(arguments)
    try:
        while isinstance(current, click.Group) and rest:
            name, found, rest = current.resolve_command(context, rest)
            if found is None:
                return
            current, context = found, click.Context(found, info_name=name, parent=context)
        if isinstance(current, click.Group):
            raise UserError(
                f"{where}: {arguments[0]} needs a command of its own: {', '.join(current.list_commands(context))}"
            )
        current.make_context(context.info_name, rest, parent=context.parent)
    except click.UsageError as error:
        raise UserError(f"{where}: {error.format_message()} See {_path_of(error)} --help") from error
    except click.exceptions.Exit:
        raise UserError(f"{where}: asks for help only; leave --help out") from None


def _path_of(error: click.UsageError) -> str:
    return error.ctx.command_path if error.ctx else "proctor"


def _refuse_absent(study: Study, hashes: Mapping[str, str], steps: Sequence[StudyStep]) -> None:
    for step in steps:
        for name in step.files:
            if hashes[name] == ABSENT and not step.is_done:
                raise UserError(
                    f"files.{name}: {study_files(study)[name]}: there is no such file or folder; correct the path"
                )


def _report(
    study: Study, file: Path, steps: Sequence[StudyStep], hashes: Mapping[str, str], *, folder: Path,
    faults: Sequence[str],
) -> None:  # fmt: skip
    """Write the README of the steps that are done, and print it."""
    folder.mkdir(parents=True, exist_ok=True)
    done = [step for step in steps if step.is_done]
    note = "\n\n".join(f"Not finished: {fault}." for fault in faults)
    text = study_report(study, file, done, hashes, folder, note=note)
    write_whole(folder / README, text.encode("utf-8", "backslashreplace"))
    click.echo(f"{without_colours(text.partition('## Origin')[0])}Study written to {folder / README}")


def without_colours(markdown: str) -> str:
    """Return the text without the colours that tables have for a browser: on a terminal they are noise.

    Args:
        markdown: As in the README.
    """
    return markdown.replace('<span style="color:red">', "").replace("</span>", "")
