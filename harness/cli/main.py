"""The command `proctor`: finds the subcommand and turns errors into exit codes.

Nothing heavy is imported here: `proctor --help` must start at once.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import click
from click.shell_completion import CompletionItem, shell_complete

from harness.errors import (
    INTERRUPTED,
    OUR_FAULT,
    OUTPUT_CLOSED,
    USERS_MISTAKE,
    Unavailable,
    UserError,
    did_you_mean,
    install_command,
    no_such,
)
from harness.generation.threads import wait_passively
from sandbox.printable import readable

TASKS = {
    "Judge and score": {
        "score": ("harness.cli.score", "Judge samples and report pass@k with intervals."),
        "explain": ("harness.cli.explain", "Explain why a sample failed."),
        "export": ("harness.cli.export", "Write a judged run in the formats of other tools."),
        "runs": ("harness.cli.runs", "List the runs of a folder, the latest first."),
    },
    "Generate": {
        "run": ("harness.cli.run", "Generate samples with a model and judge them as they arrive."),
        "generate": ("harness.cli.generate", "Generate samples with a model."),
        "merge": ("harness.cli.merge", "Merge the shards of a run."),
        "plan": ("harness.cli.plan", "Forecast the cost of an evaluation."),
    },
    "Train": {
        "compile": (
            "trainers.cli.compile",
            "Turn submissions, samples or rows into groups to train on.",
        ),
        "train": ("trainers.cli.train", "Train a policy on groups by one of the methods."),
        "reference": ("trainers.cli.reference", "Store log-probabilities that some methods compare with."),
        "export-groups": ("trainers.cli.export_groups", "Write groups as JSON Lines, as TRL reads them."),
        "merge-adapter": ("harness.cli.merge_adapter", "Merge a LoRA adapter into its base."),
        "card": ("trainers.cli.card", "Write the scores of runs into the model card of a checkpoint."),
        "study": ("trainers.cli.study", "Run many commands of proctor from one file, each once."),
    },
    "Tables, comparisons and a gate": {
        "table": ("leaderboards.cli.table", "Turn results into tables, a page, or a leaderboard."),
        "compare": ("leaderboards.cli.compare", "Compare two results, paired by problem."),
        "gate": ("leaderboards.cli.gate", "Fail if a candidate is worse than its baseline."),
        "power": ("leaderboards.cli.power", "Plan the problems, samples and seeds that a question needs."),
    },
    "Benchmarks and this machine": {
        "benchmarks": ("harness.cli.benchmarks", "List the benchmarks, with size and licence."),
        "audit": ("harness.cli.audit", "Run the references of a benchmark and look for faults in it."),
        "doctor": ("harness.cli.doctor", "Report the abilities of this host and installation."),
        "selftest": ("harness.cli.selftest", "Judge the programs of known verdict that ship with proctor."),
        "miniature": ("trainers.cli.miniature", "Make the material and the base of a loop in miniature."),
    },
}
"""Task -> its subcommands: name -> module that holds it as `command`, and its one line in `proctor --help`."""
SUBCOMMANDS = {name: found for commands in TASKS.values() for name, found in commands.items()}


_COMPLETE = "_PROCTOR_COMPLETE"
"""Variable by which a shell requests completions, as click has it."""
_EXTRAS = {
    "accelerate": "train", "datasets": "train", "peft": "train", "pyarrow": "train", "tokenizers": "train",
    "torch": "train", "transformers": "train", "matplotlib": "plots", "openai": "openai", "ray": "ray", "vllm": "vllm",
}  # fmt: skip
"""Library -> extra of ours that installs it."""


class LazyGroup(click.Group):
    """Imports a subcommand when it is run, not when it is listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """Return the names of the subcommands.

        Args:
            ctx: not used.

        Returns:
            The names in the order of the help.
        """
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a subcommand.

        Args:
            ctx: not used.
            cmd_name: as typed.

        Returns:
            The command; None if there is none of that name.
        """
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = importlib.import_module(SUBCOMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a subcommand, or suggest one.

        Args:
            ctx: of the command line.
            args: the name as typed, and what follows it.

        Returns:
            Name, command, and what follows.
        """
        if args[0] not in SUBCOMMANDS and (meant := did_you_mean(args[0], SUBCOMMANDS)):
            ctx.fail(f"No such command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the subcommands by task, without importing them.

        Args:
            ctx: not used.
            formatter: gets a section of their names and summaries for each task.
        """
        width = max(map(len, SUBCOMMANDS))
        for task, commands in TASKS.items():
            with formatter.section(task):
                formatter.write_dl([(name.ljust(width), summary) for name, (_, summary) in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the subcommands and options that begin as typed, without importing any.

        Args:
            ctx: of the command line.
            incomplete: as typed.
        """
        found = [
            CompletionItem(name, help=summary)
            for name, (_, summary) in SUBCOMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="proctor")
def proctor() -> None:
    """Evaluate code models: judge their programs in a sandbox that they can neither escape nor fool.

    Exit codes: 0 success, 1 regression, 2 user error (reported in one line), 3 internal failure or lost resource, such
    as a server, 130 interrupted, 141 if the reader of the output has gone away. docs/exit-codes.md shows each mistake.
    """


def main() -> None:
    """Run the command line, or complete it for a shell, and leave with the exit code."""
    _prepare_streams()
    if instruction := os.environ.get(_COMPLETE):
        sys.exit(_completed(instruction))
    code = run(sys.argv[1:])
    _drop_output()
    sys.exit(code)


def _prepare_streams() -> None:
    """Open standard streams that are closed, whose numbers the next files would get; print any text in any locale."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - open until the end
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a TextIO that Python opened


def _completed(instruction: str) -> int:
    """Print what a shell wants of us; return the exit code."""
    shells = [f"{shell}_source" for shell in ("bash", "zsh", "fish")]
    if shell_complete(proctor, {}, "proctor", _COMPLETE, instruction):
        return _failed(f"proctor: {_COMPLETE}: {no_such('script', instruction, shells)}", USERS_MISTAKE)
    return 0


def run(arguments: list[str]) -> int:
    """Run the command line; every error is reported on stderr.

    Args:
        arguments: those after the program's name; none print the help.

    Returns:
        The exit code: what the command returns, or the code of the error in `harness.errors`.
    """
    if refusal := _refusal():
        return _failed(f"proctor: {refusal}", USERS_MISTAKE)
    wait_passively()  # before any command imports PyTorch
    try:
        with proctor.make_context("proctor", arguments or ["--help"]) as context:
            return proctor.invoke(context) or 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except KeyboardInterrupt:
        return _failed("proctor: interrupted; the same command resumes", INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the edge of the program: Python's own exit code, 1, means regression
        return _reported(error, arguments)


def _refusal() -> str:
    """Return why nothing can run here; empty where it can."""
    if sys.platform != "linux":
        return f"runs on Linux only, and this is {sys.platform}; use a machine with Linux"
    try:
        os.getcwd()  # noqa: PTH109 - whether there is one
    except OSError as error:
        return f"the working folder can't be used: {error.strerror}; go to another, such as by `cd ~`"
    return ""


def _reported(error: Exception, arguments: Sequence[str]) -> int:
    """Report an error on stderr, in one line unless it is a fault of ours; return the exit code."""
    from harness.cli.refusals import has_no_reader, lacking_resource  # noqa: PLC0415 - of Linux

    if isinstance(error, BrokenPipeError) and has_no_reader():
        return OUTPUT_CLOSED
    if mistake := _users_mistake(error, arguments):
        return _failed(mistake, USERS_MISTAKE)
    if isinstance(error, Unavailable):
        return _failed(f"proctor: {error}", OUR_FAULT)
    if lacking := lacking_resource(error):
        return _failed(f"proctor: {lacking}; the same command goes on", OUR_FAULT)
    with suppress(OSError):
        click.echo(readable("".join(traceback.format_exception(error))), err=True, nl=False)
    return OUR_FAULT


def _users_mistake(error: Exception, arguments: Sequence[str]) -> str:
    """Return the line about an error that the user can change; empty for another."""
    from harness.cli.refusals import refused_place  # noqa: PLC0415 - of Linux

    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "proctor"
        said = " ".join(error.format_message().split())
        return f"{where}: {said}{'' if said.endswith(('.', '?')) else '.'} See {where} --help"
    said = str(error) if isinstance(error, click.ClickException | UserError) else ""
    if isinstance(error, OSError):
        said = refused_place(error, arguments)
    elif isinstance(error, ModuleNotFoundError):
        said = _missing_library(error)
    return said and f"proctor: {said}"


def _missing_library(error: ModuleNotFoundError) -> str:
    """Return what installs a library that is absent; empty for one that none of our extras has."""
    library = (error.name or "").partition(".")[0]
    extra = _EXTRAS.get(library)
    return f"{library} is needed and not installed; {install_command(f'proctor[{extra}]')}" if extra else ""


def _drop_output() -> None:
    """Drop what can't be written, so that the interpreter's end doesn't try once more and report it."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(message: str, code: int) -> int:
    with suppress(OSError):  # as the code says it already
        click.echo(readable(" ".join(message.splitlines())), err=True)
    return code
