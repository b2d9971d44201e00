"""The command `proctor`: finds the subcommand and turns errors into exit codes.

Nothing heavy is imported here: `proctor --help` must start at once.
"""

import errno
import importlib
import os
import sys
import traceback
from contextlib import suppress
from difflib import get_close_matches

import click
from click.shell_completion import shell_complete

from harness.errors import INTERRUPTED, OUR_FAULT, USERS_MISTAKE, Unavailable, UserError, install_command
from harness.generation.threads import wait_passively
from sandbox.printable import readable

SUBCOMMANDS = {
    "audit": ("harness.cli.audit", "Run the references of a benchmark and look for faults in it."),
    "benchmarks": ("harness.cli.benchmarks", "List the benchmarks, with size and licence."),
    "card": ("trainers.cli.card", "Write the scores of runs into the model card of a checkpoint."),
    "compare": ("leaderboards.cli.compare", "Compare two results, paired by problem."),
    "compile": (
        "trainers.cli.compile",
        "Turn submissions, judged samples or rows with rewards into groups to train on.",
    ),
    "doctor": ("harness.cli.doctor", "Report the abilities of this host and installation."),
    "explain": ("harness.cli.explain", "Explain why a sample failed."),
    "export": ("harness.cli.export", "Write a judged run in the formats of other tools."),
    "export-groups": ("trainers.cli.export_groups", "Write groups as JSON Lines, as TRL reads them."),
    "gate": ("leaderboards.cli.gate", "Fail if a candidate is worse than its baseline."),
    "generate": ("harness.cli.generate", "Generate samples with a model."),
    "merge": ("harness.cli.merge", "Merge the shards of a run."),
    "merge-adapter": ("harness.cli.merge_adapter", "Merge a LoRA adapter into its base."),
    "miniature": (
        "trainers.cli.miniature",
        "Make the material and the base of the miniature, the whole loop at a small size.",
    ),
    "plan": ("harness.cli.plan", "Forecast the cost of an evaluation."),
    "power": ("leaderboards.cli.power", "Plan the problems, samples and seeds that a question needs."),
    "reference": ("trainers.cli.reference", "Store the log-probabilities that some training methods compare with."),
    "run": ("harness.cli.run", "Generate samples with a model and judge them as they arrive."),
    "runs": ("harness.cli.runs", "List the runs of a folder, the latest first."),
    "score": ("harness.cli.score", "Judge samples and report pass@k with intervals."),
    "selftest": ("harness.cli.selftest", "Judge the programs of known verdict that ship with proctor."),
    "study": ("trainers.cli.study", "Run the commands of a study, each once, to tables and a page."),
    "table": ("leaderboards.cli.table", "Turn results into tables, a page, or a leaderboard."),
    "train": ("trainers.cli.train", "Train a policy on groups by one of the methods."),
}
"""Name -> module that holds it as `command`, and its one line in `proctor --help`."""


_COMPLETE = "_PROCTOR_COMPLETE"
"""Variable by which a shell requests completions, as click has it."""
_USERS_FILES = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG,
}  # fmt: skip
"""Errors of a file that the user named, not of ours."""
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
        if args[0] not in SUBCOMMANDS and (close := get_close_matches(args[0], SUBCOMMANDS, 1)):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {close[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the subcommands without importing them.

        Args:
            ctx: not used.
            formatter: gets a section of their names and summaries.
        """
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in SUBCOMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="proctor")
def proctor() -> None:
    """Evaluate code models: judge their programs in a sandbox that they can neither escape nor fool.

    Exit codes: 0 success, 1 regression, 2 user error (reported in one line), 3 internal failure or lost resource, such
    as a server, 130 interrupted.
    """


def main() -> None:
    """Run the command line, or complete it for a shell, and leave with the exit code."""
    if instruction := os.environ.get(_COMPLETE):
        sys.exit(shell_complete(proctor, {}, "proctor", _COMPLETE, instruction))
    code = run(sys.argv[1:])
    _drop_output()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line; every error is reported on stderr.

    Args:
        arguments: those after the program's name; none print the help.

    Returns:
        The exit code: what the command returns, or the code of the error in `harness.errors`.
    """
    if not hasattr(os, "sched_getaffinity"):
        return _failed(
            f"proctor: runs on Linux only, and this is {sys.platform}; use a machine with Linux", USERS_MISTAKE
        )
    wait_passively()  # before any command imports PyTorch
    try:
        with proctor.make_context("proctor", arguments or ["--help"]) as context:
            return proctor.invoke(context) or 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except KeyboardInterrupt:
        return _failed("proctor: interrupted; the same command resumes", INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the edge of the program: Python's own exit code, 1, means regression
        return _reported(error)


def _reported(error: Exception) -> int:
    """Report an error on stderr, in one line where the user can change it; return the exit code."""
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "proctor"
        return _failed(f"{where}: {error.format_message()} See {where} --help", USERS_MISTAKE)
    if isinstance(error, click.ClickException | UserError | Unavailable):
        return _failed(f"proctor: {error}", OUR_FAULT if isinstance(error, Unavailable) else USERS_MISTAKE)
    if message := _users_mistake(error):
        return _failed(f"proctor: {message}", USERS_MISTAKE)
    click.echo(readable("".join(traceback.format_exception(error))), err=True, nl=False)
    return OUR_FAULT


def _users_mistake(error: Exception) -> str:
    """Return what the user can change about a library that is absent, or a file; empty for a failure of ours."""
    if isinstance(error, ModuleNotFoundError):
        library = (error.name or "").partition(".")[0]
        extra = _EXTRAS.get(library)
        return f"{library} is needed and not installed; {install_command(f'proctor[{extra}]')}" if extra else ""
    is_full = getattr(error, "errno", None) == errno.ENOSPC
    if isinstance(error, OSError) and error.errno in _USERS_FILES and (error.filename or is_full):
        return f"{error.filename or 'the output'}: can't be read or written: {error.strerror}; choose another place"
    return ""


def _drop_output() -> None:
    """Drop what can't be written, so that the interpreter's end doesn't try once more and report it."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(message: str, code: int) -> int:
    click.echo(readable(" ".join(message.splitlines())), err=True)
    return code
