"""Runs `proctor compare`: two results, or seeds of two methods, in; their differences by problem out."""

import click

from harness.errors import UserError
from harness.runs.conditions import slight_differences
from harness.runs.jsonl import pretty_json
from leaderboards.compare import compare, comparison_markdown
from leaderboards.results import two_sides
from sandbox.printable import one_line


@click.command("compare")
@click.argument("results", nargs=-1, required=True, metavar="[METHOD=]RESULT...")
@click.option("--mixed-protocols", is_flag=True, help="Compare results of different protocols.")
@click.option(
    "--flips", default=10, type=click.IntRange(min=0), metavar="N", help="Problems listed per direction (10)."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(*, results: tuple[str, ...], mixed_protocols: bool, flips: int, as_json: bool) -> None:
    """Compare two results, paired by problem.

    Or two methods, by the results of their seeds. RESULT is the folder of a run or its result file; RUN#POLICY selects
    one policy of several. Two results are compared as they are; several results of one METHOD are its seeds, and with
    three or more of each the test is on seeds.
    """
    a, b = two_sides(results)
    comparison = compare(a.results, b.results, (a.name, b.name))
    if comparison.protocol_differences and not mixed_protocols:
        raise UserError(
            f"{' and '.join(results)} were reached under different protocols "
            f"({'; '.join(comparison.protocol_differences)}); score both alike, or give --mixed-protocols"
        )
    first, *others = (*a.results, *b.results)
    for text in dict.fromkeys(t for other in others for t in slight_differences(first.conditions, other.conditions)):
        click.echo(f"proctor: warning: {one_line(text)}", err=True)
    if as_json:
        click.echo(pretty_json(comparison), nl=False)
    else:
        click.echo(comparison_markdown(comparison, (a.found[0].run, b.found[0].run), flips))
