"""Runs `proctor demo`, the whole loop in miniature, offline: material, training, generation, examination, tables.

Every stage is a command that a user could give; a stage whose outcome exists is skipped, one that was killed resumes.
`proctor miniature` makes its material and its base.
"""

import importlib.util
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path

import click
import msgspec

from harness.cli.main import run
from harness.cli.options import jail_options
from harness.errors import OUR_FAULT, UserError, install_command
from harness.runs.jsonl import read, write_whole
from harness.runs.run_folder import read_run
from sandbox.jail import ALL_LAYERS, Jail
from trainers.demo.stages import Sizes, Stage, examine_known, finale, stages

_LIBRARIES = ("torch", "transformers", "tokenizers", "accelerate", "pyarrow")

_NEXT = """
What the tables say: what each method made of the same base, groups and steps, in one run with one seed. Whether two
rows differ, `proctor compare` computes, paired by problem. What the tables don't say: how the methods compare on
a real model. A miniature shows that the loop closes - prompts, judging, training, tables.

The runs, with every program and verdict:  {runs}
The tables, kept up to date:               {runs}/LEADERBOARD.md
A page to look around in:                  {page}/index.html
What the stages printed:                   {log}

Try next:
  proctor explain {runs}/base {task} --index 0
  proctor compare {runs}/base {runs}/rloo
  proctor demo --seed 1 --out {other}
  proctor run --benchmark mbpp --model Qwen/Qwen2.5-Coder-0.5B --backend transformers --out runs/mbpp
"""


class DemoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Records the settings of a demo in its folder, so that no other demo resumes there."""

    sizes: Sizes
    jail: tuple[str, ...]


@click.command("demo")
@click.option("--examine-only", is_flag=True, help="Only judge the programs of known verdict of `mini`.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, help="Seed of material, training and sampling (default: 0)."
)
@click.option(
    "--problems",
    type=click.IntRange(min=1),
    default=Sizes().problems,
    help=f"Training problems (default: {Sizes().problems}).",
)
@click.option(
    "--steps", type=click.IntRange(min=1), default=Sizes().steps, help=f"Steps per training (default: {Sizes().steps})."
)
@click.option(
    "--tests", type=click.IntRange(min=1), default=Sizes().tests, help=f"Held-out problems (default: {Sizes().tests})."
)
@jail_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Output folder (default: runs/demo, or runs/known with --examine-only); the same one resumes.",
)
def command(
    *,
    examine_only: bool,
    seed: int,
    problems: int,
    steps: int,
    tests: int,
    workers: int,
    jail: Jail,
    out: Path | None,
) -> int:
    """Train, generate, examine and tabulate in miniature, offline.

    A base of 0.85 million parameters, which ships with proctor, is trained by four methods on generated submissions of
    known status; the five policies write programs for held-out problems, which the sandbox judges. The same command
    resumes a demo that was interrupted.
    """
    if examine_only:
        text, surprises = examine_known(jail, workers, out or Path("runs/known"))
        click.echo(text)
        return OUR_FAULT if surprises else 0
    out = out or Path("runs/demo")
    if missing := [name for name in _LIBRARIES if not importlib.util.find_spec(name)]:
        raise UserError(f"the demo trains a model and needs {', '.join(missing)}; {install_command('proctor[train]')}")
    sizes = Sizes(seed=seed, problems=problems, steps=steps, tests=tests)
    settings = DemoSettings(sizes=sizes, jail=_arguments_of(jail))
    _claim(out, settings)
    if code := _carried_out(stages(out, sizes, (*settings.jail, "--workers", str(workers))), out / "log.txt"):
        return code
    shutil.rmtree(out / "page", ignore_errors=True)  # a page that was interrupted would not be written over
    for arguments in finale(out):
        _announce(arguments, "")
        if code := run(list(arguments)):
            return code
    runs = out / "runs"
    task = next(iter(read_run(runs / "base").problems))
    click.echo(_NEXT.format(runs=runs, page=out / "page", log=out / "log.txt", task=task, other=f"{out}-1"))
    return 0


def _claim(out: Path, settings: DemoSettings) -> None:
    """Write the settings into the folder; raise UserError where it holds another demo."""
    path = out / "demo.json"
    if path.exists() and (earlier := read(path, DemoSettings)) != settings:
        raise UserError(f"{path}: holds another demo, {_words(earlier)}; give the same options or another --out")
    out.mkdir(parents=True, exist_ok=True)
    write_whole(path, msgspec.json.encode(settings))


def _carried_out(todo: Sequence[Stage], log: Path) -> int:
    """Run one command after the other; return the exit code of the first that fails, or 0."""
    start_s, expected_s = time.monotonic(), 0.0
    for number, stage in enumerate(todo, 1):
        head = f"stage {number} of {len(todo)}"
        if stage.outcome.exists():
            click.echo(f"{head}: {stage.what}: done before", err=True)
            continue
        pace = (time.monotonic() - start_s) / expected_s if expected_s else 1.0
        left_s = pace * sum(other.expected_s for other in todo[number - 1 :] if not other.outcome.exists())
        _announce(stage.arguments, f"{head}, about {timedelta(seconds=round(left_s))} left: {stage.what}")
        with log.open("a", encoding="utf-8") as file, redirect_stdout(file):
            code = run(list(stage.arguments))
        if code:
            return code
        expected_s += stage.expected_s
    return 0


def _announce(arguments: Sequence[str], head: str) -> None:
    """Show a command on stderr as a user would give it."""
    click.echo(f"\n{head}\n$ proctor {shlex.join(arguments)}".replace("\n\n", "\n"), err=True)
    sys.stderr.flush()


def _arguments_of(jail: Jail) -> tuple[str, ...]:
    """Return the options that select this jail, none for the usual one."""
    arguments: tuple[str, ...] = () if jail.python == sys.executable else ("--python", jail.python)
    if jail.layers != ALL_LAYERS:
        arguments += ("--isolation", ",".join(sorted(jail.layers)) or "none")
    arguments += ("--allow", ",".join(jail.allow)) if jail.allow else ()
    return arguments + tuple(part for module in jail.preload for part in ("--preload", module))


def _words(settings: DemoSettings) -> str:
    sizes = [f"--{name} {value}" for name, value in msgspec.structs.asdict(settings.sizes).items()]
    return " ".join((*sizes, *settings.jail))
