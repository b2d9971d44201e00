"""Runs `proctor compare`: two results in, their differences by problem out."""

import click

from harness.errors import UserError
from harness.runs.jsonl import pretty_json
from leaderboards.compare import compare, comparison_markdown
from leaderboards.results import the_one


@click.command("compare")
@click.argument("a")
@click.argument("b")
@click.option("--mixed-protocols", is_flag=True, help="Compare results of different protocols.")
@click.option(
    "--flips", default=10, type=click.IntRange(min=0), metavar="N", help="Problems listed per direction (10)."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(*, a: str, b: str, mixed_protocols: bool, flips: int, as_json: bool) -> None:
    """Compare two results, paired by problem.

    A and B are folders of runs or their result files; RUN#POLICY selects one policy of several.
    """
    found_a, found_b = the_one(a), the_one(b)
    comparison = compare(found_a.result, found_b.result)
    if comparison.protocol_differences and not mixed_protocols:
        raise UserError(
            f"{a} and {b} were reached under different protocols ({'; '.join(comparison.protocol_differences)}); "
            f"score both alike, or give --mixed-protocols"
        )
    if as_json:
        click.echo(pretty_json(comparison), nl=False)
    else:
        click.echo(comparison_markdown(comparison, (found_a.run, found_b.run), flips))
