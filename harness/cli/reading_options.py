"""Defines the options of reading samples."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from harness.cli.options import collect_options
from harness.cli.values import completing
from harness.errors import no_such

if TYPE_CHECKING:
    from harness.formats.read import ReadingSettings


class ReadingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the options of reading, as given."""

    format_name: str
    offset: int
    recorded: Path | None

    def settings(self) -> "ReadingSettings":
        """Return the settings of reading."""
        from harness.formats.read import ReadingSettings  # noqa: PLC0415 - the first worker starts meanwhile

        return ReadingSettings(format_name=self.format_name, offset=self.offset, recorded=self.recorded)


def _format_names() -> tuple[str, ...]:
    from harness.formats.read import FORMAT_NAMES  # noqa: PLC0415 - as above

    return FORMAT_NAMES


def _format_name(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if name and name not in _format_names():
        raise no_such("format of samples", name, _format_names())
    return name


reading_options = collect_options(
    "reading",
    ReadingOptions,
    (
        click.option(
            "--format", "format_name", default="", callback=_format_name, metavar="NAME",
            shell_complete=completing(_format_names), help="Format of the samples (default: recognised).",
        ),
        click.option(
            "--offset", type=click.IntRange(min=0), default=0,
            help="Position of the first problem that a list without task ids answers (default: 0).",
        ),
        click.option(
            "--recorded", type=click.Path(path_type=Path), metavar="FILE",
            help="An eval_results.json of evalplus on these samples, to compare its verdicts with ours.",
        ),
    ),
)  # fmt: skip
