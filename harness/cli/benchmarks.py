"""`proctor benchmarks`: lists the benchmarks."""

import click
import msgspec

from harness import plugins
from harness.benchmarks.benchmark import Benchmark

GROUP = "proctor.benchmarks"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Describes a benchmark in its own words."""

    name: str
    about: str
    size: str
    licence: str
    source: str
    default_split: str
    problem_sets: tuple[str, ...]
    prompt_card: str


@click.command("benchmarks")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, as_json: bool) -> int:
    """List the benchmarks, with size and licence.

    Listed as well: problem sets, the default split and prompt card, and where the data come from.
    """
    found = [_listing(plugins.resolve(GROUP, name, Benchmark)) for name in plugins.names(GROUP)]
    click.echo(msgspec.json.encode(found) if as_json else "\n\n".join(map(_text, found)))
    return 0


def _listing(benchmark: Benchmark) -> Listing:
    return Listing(
        name=benchmark.name,
        about=benchmark.about,
        size=benchmark.size,
        licence=benchmark.licence,
        source=benchmark.source,
        default_split=benchmark.default_split,
        problem_sets=tuple(benchmark.problem_sets),
        prompt_card=benchmark.prompt_card,
    )


def _text(listing: Listing) -> str:
    facts = {
        "size": listing.size,
        "problem sets": ", ".join(listing.problem_sets),
        "default split": listing.default_split,
        "prompt card": listing.prompt_card,
        "licence": listing.licence,
        "data": listing.source,
    }
    return "\n".join(
        [f"{listing.name}: {listing.about}", *(f"  {name}: {fact}" for name, fact in facts.items() if fact)]
    )
