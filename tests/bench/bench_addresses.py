"""Programs whose answers are orders of addresses get the same answer in 40 fresh judges, twice in each.

Their tests ask for more than can be right, so that each outcome shows the answer, which is compared as well as the
verdict. One order is made by the test itself.
"""

import argparse
import sys
from collections import Counter

from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.records import AssertTest, Judgement, StdioTest, Test

JUDGES = 40
SHOWN = AssertTest(code="assert f(9) == 'an order'", names=("f",))
PROGRAMS: dict[str, tuple[str, Test]] = {
    "tuples with None": ("def f(n):\n    return [x for _, x in {(None, x) for x in range(n)}]", SHOWN),
    "tuples with None, first alone": (
        "def f(n):\n    return next(iter({(None, x) for x in range(n)}))[1] % 2",
        AssertTest(code="assert f(9) == 0", names=("f",)),
    ),
    "set of objects": (
        "def f(n):\n    made = [object() for _ in range(n)]\n    return [made.index(one) for one in set(made)]", SHOWN,
    ),
    "sorted by id": (
        "def f(n):\n    made = [[0] * 3**k for k in range(n)]\n    return [len(one) for one in sorted(made, key=id)]",
        SHOWN,
    ),
    "set of classes": (
        "def f(n):\n    made = {type(f'C{k}', (), {}) for k in range(n)}\n    return [kind.__name__ for kind in made]",
        SHOWN,
    ),
    "hash of functions": ("def f(n):\n    return [hash(one) % 7 for one in (f, len, None, Ellipsis, int)][:n]", SHOWN),
    "printed": (
        "print([x for _, x in {(None, x) for x in range(9)}])\nprint(hash(object()) % 7)",
        StdioTest(stdin="", expected_stdout="an order"),
    ),
    "the test's own set": (
        "def f(x):\n    return x",
        AssertTest(code="assert f([x for _, x in {(None, x) for x in range(9)}]) == 'an order'", names=("f",)),
    ),
}  # fmt: skip
"""By name, the program and its test."""


def main() -> int:
    """Judge the programs in fresh judges and count the outcomes of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judges", type=int, default=JUDGES, metavar="N", help=f"so many (default: {JUDGES})")
    count = parser.parse_args().judges
    outcomes = {name: Counter[tuple[str, str]]() for name in PROGRAMS}
    for _ in range(count):
        with Judge(Jail()) as judge:
            for _ in range(2):
                for name, (program, test) in PROGRAMS.items():
                    outcomes[name][outcome_of(judge.judge(program, (test,)))] += 1
    for name, found in outcomes.items():
        shown = "; ".join(f"{times} x {verdict} {actual[:60]}" for (verdict, actual), times in found.most_common(3))
        print(f"{'MOVED' if len(found) > 1 else 'same'}: {name}: {len(found)} outcomes: {shown}")
    moved = sum(len(found) > 1 for found in outcomes.values())
    print(f"{count} judges, {len(PROGRAMS)} programs, each twice: {moved} have more than one outcome")
    return 0 if moved == 0 else 1


def outcome_of(judgement: Judgement) -> tuple[str, str]:
    """Return what must not move."""
    return judgement.verdict, judgement.per_test[0].actual if judgement.per_test else judgement.detail


if __name__ == "__main__":
    sys.exit(main())
