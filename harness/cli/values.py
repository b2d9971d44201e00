"""Reads values of the command line: numbers, choices, runs; and completes names for a shell."""

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from harness.errors import did_you_mean
from harness.runs.run_names import run_names, run_path

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completing(known: Callable[[], Iterable[str]]) -> Completer:
    """Return a function that completes names for a shell, or the path of a file where none begins as typed.

    Args:
        known: gives the names; called when a shell wants them.

    Returns:
        What click takes as `shell_complete`.
    """

    def complete(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = [CompletionItem(name) for name in known() if name.startswith(incomplete)]
        return found or [CompletionItem(incomplete, type="file")]

    return complete


def completing_plugins(group: str) -> Completer:
    """Return a function that completes the names of plugins for a shell, see `completing`.

    Args:
        group: entry-point group.
    """

    def known() -> Iterable[str]:
        from harness.plugins import names  # noqa: PLC0415 - a command that starts needs none of this

        return names(group)

    return completing(known)


def completing_cards() -> Completer:
    """Return a function that completes the names of prompt cards for a shell, see `completing`."""

    def known() -> Iterable[str]:
        from harness.generation.prompts import card_names  # noqa: PLC0415

        return card_names()

    return completing(known)


class FiniteRange(click.FloatRange):
    """Takes a number within a range, and neither "nan" nor "inf"."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number.

        Args:
            value: as it was given.
            param: for errors.
            ctx: for errors.

        Raises:
            click.BadParameter: It is none, or out of range.
        """
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


class Choice(click.Choice[str]):
    """Takes one of several words; another is answered with the nearest of them."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return the message for a word that is none of them.

        Args:
            value: as it was given.
            ctx: of the command line.
        """
        return f"{super().get_invalid_choice_message(value, ctx)}{did_you_mean(str(value), self.choices)}"


class RunPath(click.Path):
    """Reads a path, or the name of a run that `proctor runs` lists."""

    def __init__(self) -> None:
        """Take any path, also one where nothing is."""
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path of what was named.

        Args:
            value: as typed.
            param: the parameter.
            ctx: of the command line.

        Returns:
            The path; a name's is below `runs`.
        """
        return run_path(Path(os.fsdecode(super().convert(value, param, ctx))))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names of runs that begin as typed, beside the files that a shell completes.

        Args:
            ctx: of the command line.
            param: the parameter.
            incomplete: as typed.
        """
        runs = [CompletionItem(name) for name in run_names() if name.startswith(incomplete)]
        return [*super().shell_complete(ctx, param, incomplete), *runs]
