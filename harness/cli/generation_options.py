"""Defines the options of `generate` and `run`: the problems, the model and the sampling."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from harness.cli.options import collect_options, shard_option
from harness.cli.values import FiniteRange, completing_cards, completing_plugins
from harness.errors import UserError
from harness.generation.planning import BACKENDS, GenerationSettings, backend_of
from harness.plugins import names
from harness.runs.records import MOST_SAMPLES


def _options(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE.")
        if key in options:
            raise click.BadParameter(f"{key} is given twice.")
        options[key] = _toml(value)
    return options


def _toml(text: str) -> Any:
    """Return a TOML value, or the text itself where it is none."""
    try:
        found = msgspec.toml.decode(f"value = {text}")
    except msgspec.DecodeError:
        return text
    return found["value"] if len(found) == 1 else text


generation_options = collect_options(
    "settings",
    GenerationSettings,
    (
        click.option("--split", metavar="NAME", help="Split of the problems, or all (default: the benchmark's own)."),
        click.option(
            "--problem-set", default="", metavar="NAME", help="A published set of problems, or a window of dates."
        ),
        click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N of these problems."),
        shard_option,
        click.option(
            "--model",
            required=True,
            multiple=True,
            metavar="MODEL",
            help="An id on the hub, a folder, a file, or a name on a server; repeatable for adapters of one base.",
        ),
        click.option(
            "--backend",
            required=True,
            metavar="NAME",
            shell_complete=completing_plugins(BACKENDS),
            help=f"The engine: {', '.join(names(BACKENDS))}, or path.py:attribute.",
        ),
        click.option(
            "--option",
            "options",
            multiple=True,
            callback=_options,
            metavar="KEY=VALUE",
            help="A setting of the backend, as a TOML value; repeatable.",
        ),
        click.option("--policy", metavar="NAME", help="Name of the model in results (default: MODEL's last part)."),
        click.option(
            "--prompt-card",
            metavar="CARD",
            shell_complete=completing_cards(),
            help="Name or path of a card (default: the benchmark's).",
        ),
        click.option("--n", type=click.IntRange(1, MOST_SAMPLES), help="Samples per problem (default: the card's)."),
        click.option(
            "--temperature",
            type=FiniteRange(min=0),
            help="Sampling temperature (default: the card's; 0 for one sample).",
        ),
        click.option(
            "--top-p",
            type=FiniteRange(min=0, min_open=True, max=1),
            help="Nucleus (top-p) cut-off (default: the card's).",
        ),
        click.option("--max-tokens", type=click.IntRange(min=1), help="Token limit per sample (default: the card's)."),
        click.option(
            "--stop", multiple=True, metavar="TEXT", help="Ends a completion; repeatable (default: the card's)."
        ),
        click.option(
            "--seed", type=click.IntRange(min=0), default=0, help="Base seed, from which each sample's is derived (0)."
        ),
    ),
)


@contextmanager
def loaded_once(settings: GenerationSettings, out: Path) -> Iterator[tuple[tuple[GenerationSettings, Path], ...]]:
    """Load the base of several models once.

    Args:
        settings: with the models as the command line has them: all that were given.
        out: folder of the run.

    Yields:
        The settings of each model with the folder of its run: `out`, or one for each below it.

    Raises:
        UserError: Several models don't go together, or their backend can't have them over one base.
    """
    models: tuple[str, ...] = tuple(settings.model)
    if len(models) == 1:
        yield ((msgspec.structs.replace(settings, model=models[0]), out),)
        return
    backend = backend_of(settings)
    folders = [out / Path(model).name for model in models]
    if len(set(folders)) < len(models):
        raise UserError(f"{folders[0].name}: models of one name would share a folder; give each a command of its own")
    if settings.policy is not None:
        raise UserError("--policy: names one model; leave it out, and each is named by its --model")
    if backend.share is None:
        raise UserError(f"the backend {backend.name} takes one --model; give each a command of its own")
    with backend.share(models, settings.options) as shared:
        each = (msgspec.structs.replace(settings, model=model, backend=shared) for model in models)
        yield tuple(zip(each, folders, strict=True))
