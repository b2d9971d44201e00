"""The command `proctor`: finds the subcommand and turns errors into exit codes.

Nothing heavy is imported here: `proctor --help` must start at once.
"""

import importlib
import sys
import traceback

import click

from harness.errors import INTERRUPTED, OUR_FAULT, USERS_MISTAKE, Unavailable, UserError
from harness.generation.threads import wait_passively
from sandbox.printable import readable

SUBCOMMANDS = {
    "audit": ("harness.cli.audit", "Run the references of a benchmark and look for faults in it."),
    "benchmarks": ("harness.cli.benchmarks", "List the benchmarks, with size and licence."),
    "compare": ("leaderboards.cli.compare", "Compare two results, paired by problem."),
    "compile": ("trainers.cli.compile", "Turn submissions or judged samples into groups to train on."),
    "demo": ("trainers.cli.demo", "Train, generate, examine and tabulate in miniature, offline."),
    "doctor": ("harness.cli.doctor", "Report the abilities of this host and installation."),
    "explain": ("harness.cli.explain", "Explain why a sample failed."),
    "gate": ("leaderboards.cli.gate", "Fail if a candidate is worse than its baseline."),
    "generate": ("harness.cli.generate", "Generate samples with a model."),
    "merge": ("harness.cli.merge", "Merge the shards of a run."),
    "merge-adapter": ("harness.cli.merge_adapter", "Merge a LoRA adapter into its base."),
    "miniature": ("trainers.cli.miniature", "Make the material and the base that the demo begins with."),
    "plan": ("harness.cli.plan", "Forecast the cost of an evaluation."),
    "run": ("harness.cli.run", "Generate samples with a model and judge them as they arrive."),
    "score": ("harness.cli.score", "Judge samples and report pass@k with intervals."),
    "table": ("leaderboards.cli.table", "Turn results into tables, a page, or a leaderboard."),
    "train": ("trainers.cli.train", "Train a policy on groups by one of the methods."),
}
"""Name -> module that holds it as `command`, and its one line in `proctor --help`."""


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
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; every error is reported on stderr.

    Args:
        arguments: those after the program's name; none print the help.

    Returns:
        The exit code: what the command returns, or the code of the error in `harness.errors`.
    """
    wait_passively()  # before any command imports PyTorch
    try:
        with proctor.make_context("proctor", arguments or ["--help"]) as context:
            return proctor.invoke(context) or 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "proctor"
        return _failed(f"{where}: {error.format_message()} See {where} --help", USERS_MISTAKE)
    except (click.ClickException, UserError, Unavailable) as error:
        return _failed(f"proctor: {error}", OUR_FAULT if isinstance(error, Unavailable) else USERS_MISTAKE)
    except KeyboardInterrupt:
        return _failed("proctor: interrupted; the same command resumes", INTERRUPTED)
    except Exception:  # noqa: BLE001 - the edge of the program: Python's own exit code for this, 1, means regression
        click.echo(readable(traceback.format_exc()), err=True, nl=False)
        return OUR_FAULT


def _failed(message: str, code: int) -> int:
    click.echo(readable(" ".join(message.splitlines())), err=True)
    return code
