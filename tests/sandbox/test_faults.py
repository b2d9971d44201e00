"""How many pages a judged program costs: more would make every judgement dearer, on any machine."""

import platform
import sys

import pytest
from faults import faults

from sandbox.jail import Jail, probe
from sandbox.pool import Case
from sandbox.records import AssertTest, CallTest, Limits, StdioTest

FUNCTIONS = {
    "similar((3, 4, 5, 6), (5, 7, 4, 10)) == [4, 5]": "def similar(a, b):\n    return sorted(set(a) & set(b))",
    "find('to be known or not') == ['known']": "import re\ndef find(text):\n    return re.findall(r'\\b\\w{4,}\\b', text)",
    "largest([25, 35, 22, 85], 2) == [85, 35]": "import heapq\ndef largest(n, k):\n    return heapq.nlargest(k, n)",
    "is_prime(13) == True": "def is_prime(n):\n    return n > 1 and all(n % i for i in range(2, int(n**0.5) + 1))",
    "longest([(5, 24), (15, 25), (27, 40), (50, 60)]) == 3": """
def longest(pairs):
    best = [1] * len(pairs)
    for i in range(1, len(pairs)):
        for j in range(i):
            if pairs[i][0] > pairs[j][1]:
                best[i] = max(best[i], best[j] + 1)
    return max(best)
""",
}
"""By what must hold, a program."""
PRINTS = "a, b = map(int, input().split())\nprint(a + b)\n"

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or platform.libc_ver()[0] != "glibc",
    reason="other interpreters and C libraries lie in memory in another way",
)


@pytest.fixture(autouse=True)
def namespaces():
    """Skip where a template can't tell that a program left nothing behind but by trying to end it."""
    if not probe(Jail()).layers["pid"].startswith("in force"):
        pytest.skip("there are no pid namespaces here")


def test_a_run_costs_few_pages():
    """A bare fork of the same interpreter that compiles and runs the same program costs some 260, parent and child."""
    test = StdioTest(stdin="3 4\n", expected_stdout="7\n")
    counted = faults([Case(program=PRINTS, tests=(test,), limits=Limits())] * 20)

    assert counted.candidate <= 200
    assert counted.template <= 80


def test_a_sample_of_three_tests_costs_few_pages():
    """Most of the candidate's are touched by any program that is compiled at all."""
    cases = [
        Case(program=program, tests=(AssertTest(code=f"assert {code}", names=(code.partition("(")[0],)),) * 3, limits=Limits())
        for code, program in FUNCTIONS.items()
    ]  # fmt: skip
    counted = faults(cases * 4)

    assert counted.candidate <= 300
    assert counted.template <= 80


def test_a_prelude_costs_hardly_more_than_the_same_imports():
    """It is executed as they would be, and what it defines is copied once; without one, nothing is done."""
    body = "class Solution:\n    def f(self, a: List[int]): return gcd(*a)"
    imports, tests = (
        "from math import gcd\nfrom typing import List\n",
        (CallTest(function="f", arguments=([4, 6],), expected=2),),
    )
    own = faults([Case(program=imports + body, tests=tests, limits=Limits())] * 20)
    given = faults([Case(program=body, prelude=imports, tests=tests, limits=Limits())] * 20)

    assert given.candidate <= own.candidate + 20
    assert given.template <= own.template + 20
