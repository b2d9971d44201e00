"""Speed, as ratios in one run: the rows of speed_rates.py and speed_costs.py, in rounds, with what each must reach.

Every round measures all sides of every row in turn, so that other load on the machine meets them all; the table shows
the median and the range over the rounds. At the end it says whether the machine was quiet. On a busy one, only CPU time
and page faults hold: a scheduler that shares the machine out by session gives our jails, each a session of its own,
more of it than a harness that is one session, so that ratios of the wall flatter us.

PROCTOR_EVALPLUS names a checkout of evalplus (github.com/evalplus/evalplus), to be measured beside us; without one
there is still the baseline that works as it does (forking_baseline.py).
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from statistics import median

import speed_costs as costs
import speed_rates as rates
from machine import quietness, read_machine
from mbpp_samples import skip_without_data
from speed_rates import FILES, ROUNDS, Figure, Turn

ROWS: dict[str, Callable[[Turn], Iterator[Figure]]] = {
    "a": rates.distinct_passing,
    "b": rates.whole_file,
    "c": rates.hundred_asserts,
    "d": costs.stdio_test,
    "e": rates.two_workers,
    "f": costs.latency,
    "g": costs.page_faults,
    "h": costs.further_test,
    "i": costs.large_output,
    "j": costs.driver,
}


def main() -> int:
    """Measure the rows in rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told = "; ".join((row.__doc__ or "").partition("\n")[0].rstrip(".") for row in ROWS.values())
    parser.add_argument("--rows", default=",".join(ROWS), metavar="A,B", help=f"rows to measure: {told}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"how many (default: {ROUNDS})")
    parser.add_argument("--most", type=int, default=10_000, metavar="N", help="so many samples a side, row and round")
    options = parser.parse_args()
    chosen = options.rows.split(",")
    if unknown := sorted(set(chosen) - set(ROWS)):
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    skip_without_data(*FILES)
    cores = os.sched_getaffinity(0)
    before, found = read_machine(), dict[str, list[Figure]]()
    for number in range(options.rounds):
        for name in chosen:
            for figure in ROWS[name](Turn(number, options.most)):
                found.setdefault(figure.label, []).append(figure)
                print(f"round {number + 1}: {figure.label}: {figure.value:.3g}", file=sys.stderr, flush=True)
            os.sched_setaffinity(0, cores)  # a row may stay on one
    holds = [shown(figures) for figures in found.values()]
    print(quietness(before))
    return 0 if all(holds) else 1


def shown(figures: list[Figure]) -> bool:
    """Print a figure's median, range and bar; return whether it is reached."""
    values = [figure.value for figure in figures]
    middle, (label, _, at_least, at_most) = median(values), figures[0]
    holds = (at_least is None or middle >= at_least) and (at_most is None or middle <= at_most)
    bars = [f"{word} {bar:g}" for word, bar in (("at least", at_least), ("at most", at_most)) if bar is not None]
    told = f"{bars[0]:<13} {'ok' if holds else 'SHORT'}" if bars else ""
    print(f"{label:<66} {middle:8.3g} ({min(values):.3g} to {max(values):.3g})  {told}".rstrip(), flush=True)
    return holds


if __name__ == "__main__":
    sys.exit(main())
