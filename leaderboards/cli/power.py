"""Runs `proctor power`: a question in; the problems, samples and seeds that it needs out."""

import click

from harness.cli.values import FiniteRange
from harness.errors import UserError
from harness.runs.jsonl import pretty_json
from leaderboards.power import (
    Noise,
    PowerQuestion,
    noise_of_pilot,
    noise_of_score,
    noise_of_sides,
    power_markdown,
    power_rows,
)
from leaderboards.results import label_of, the_one, two_sides
from leaderboards.seeds import SEEDS_NEEDED


def _numbers(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        numbers = ()
    if not numbers or numbers[0] < 1 or numbers[-1] > 1_000_000:
        raise click.BadParameter(f"{text!r} is not a list of numbers such as 1,10.")
    return numbers


def _seeds(context: click.Context, option: click.Parameter, text: str) -> tuple[int, ...]:
    numbers = _numbers(context, option, text)
    if set(numbers) & set(range(2, SEEDS_NEEDED)):
        raise click.BadParameter(f"give 1, for two checkpoints, or {SEEDS_NEEDED} and more, for methods.")
    return numbers


_PERCENT = FiniteRange(0, 100, min_open=True, max_open=True)


@click.command("power")
@click.argument("results", nargs=-1, metavar="[[METHOD=]RESULT]...")
@click.option(
    "--difference", required=True, type=FiniteRange(0, 100, min_open=True), metavar="POINTS", help="To be found."
)
@click.option("--score", type=_PERCENT, metavar="PERCENT", help="Expected pass@1, where there is no RESULT.")
@click.option("--problems", type=click.IntRange(min=1), help="Also tell the difference that so many problems find.")
@click.option("--n", "samples", default="1,10", callback=_numbers, metavar="LIST", help="Samples per problem (1,10).")
@click.option("--seeds", default="1,3,5,10", callback=_seeds, metavar="LIST", help="Seeds on each side (1,3,5,10).")
@click.option("--seed-sd", type=FiniteRange(0, 100), metavar="POINTS", help="Standard deviation of a score over seeds.")
@click.option(
    "--correlation",
    default=0.9,
    type=FiniteRange(0, 1),
    help="Of the two policies' chances over problems, where it isn't measured (0.9).",
)
@click.option("--power", default=80.0, type=_PERCENT, metavar="PERCENT", help="Chance to find the difference (80).")
@click.option("--alpha", default=5.0, type=_PERCENT, metavar="PERCENT", help="Chance of a false alarm (5).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    *,
    results: tuple[str, ...],
    difference: float,
    score: float | None,
    problems: int | None,
    samples: tuple[int, ...],
    seeds: tuple[int, ...],
    seed_sd: float | None,
    correlation: float,
    power: float,
    alpha: float,
    as_json: bool,
) -> None:
    """Plan the problems, samples and seeds that a question needs.

    The question: do two policies, or two methods, differ in pass@1 by --difference? RESULT measures how much problems,
    samples and seeds vary: one policy, or two as for `proctor compare`. --score assumes it.
    """
    if bool(results) == (score is not None):
        raise UserError("give results to measure how much they vary, or --score; one of them")
    noise = _noise(results, score, correlation, None if seed_sd is None else seed_sd / 100)
    question = PowerQuestion(difference=difference / 100, alpha=alpha / 100, power=power / 100, problems=problems)
    rows = power_rows(noise, question, samples, seeds)
    if not rows:
        raise UserError("seeds a side need --seed-sd POINTS, or results of several seeds of two methods")
    if as_json:
        click.echo(pretty_json(rows), nl=False)
    else:
        click.echo(power_markdown(noise, question, rows))


def _noise(results: tuple[str, ...], score: float | None, correlation: float, seed_sd: float | None) -> Noise:
    if score is not None:
        return noise_of_score(score / 100, correlation, seed_sd)
    if len(results) == 1:
        return noise_of_pilot(the_one(label_of(results[0])[1]).result, correlation, seed_sd)
    return noise_of_sides(*two_sides(results), seed_sd)
