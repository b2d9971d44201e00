"""What 10^6 hostile characters cost in each stage that looks at a text of a model or a program: at most 1 s and 200 MB.

Each text goes through each stage in a process of its own. What is longer than the parser is given costs less than what
is just as long, so that length is measured, too.
"""

import sys
from pathlib import Path

from harness.syntax import MOST_CHARACTERS

sys.path.append(str(Path(__file__).parents[1] / "harness"))
from hostile_text import SHAPES, STAGES, Cost, costs  # the tests' own

LENGTHS = (MOST_CHARACTERS - 1000, 1_000_000)
MOST_CPU_S = 1.0
MOST_MB = 200.0
SHOWN = 3
"""Shapes that are shown of a stage, unless --all is given: those that take longest."""
MB_PER_MIB = 1.048576


def dearest(stage: str, shape: str) -> Cost | None:
    """Return the most that any length took; None where a process was ended."""
    found = [costs([stage], shape, [length])[stage] for length in LENGTHS]
    if not all(found):
        return None
    return Cost(max(cost.cpu_s for (cost,) in found), max(cost.peak_mib * MB_PER_MIB for (cost,) in found))


def main(*options: str) -> int:
    """Print a table for each stage, and what is over the bounds."""
    over = []
    for stage in STAGES:
        found = {shape: dearest(stage, shape) for shape in SHAPES}
        over += [
            f"{stage}: {shape}: {cost or 'was ended'}"
            for shape, cost in found.items()
            if cost is None or cost.cpu_s > MOST_CPU_S or cost.peak_mib > MOST_MB
        ]
        ended = {shape: cost for shape, cost in found.items() if cost}
        order = sorted(ended, key=ended.__getitem__, reverse=True)[: None if "--all" in options else SHOWN]
        peak = max(cost.peak_mib for cost in ended.values())
        print(f"\n| {stage}, at most {peak:.0f} MB | CPU s | MB |\n|---|---|---|")
        for shape in order:
            print(f"| {shape} | {ended[shape].cpu_s:.2f} | {ended[shape].peak_mib:.0f} |", flush=True)
    print(f"\n{len(SHAPES)} shapes, {len(STAGES)} stages: {len(over)} over {MOST_CPU_S:g} s or {MOST_MB:g} MB")
    for line in over:
        print(f"OVER {line}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
