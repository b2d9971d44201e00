"""What a prelude gives a program, and that it changes nothing else."""

import pytest

from sandbox.equal_programs import Key
from sandbox.inside.program import with_prelude
from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.pool import Case, judge_all
from sandbox.records import AssertTest, CallTest, Limits, StdioTest, Verdict

pytestmark = pytest.mark.slow

PRELUDE = """
try: from math import gcd
except ImportError: pass
try: from math import not_there
except ImportError: pass
class Node:
    def __init__(self, val=0): self.val = val
"""


def verdict(judge, program, *tests, prelude=PRELUDE):
    """Return the verdict on a program that has a prelude."""
    return judge.judge(program, tests, exhaustive=True, prelude=prelude).verdict


def prints(text):
    """Return a test of what a program prints."""
    return StdioTest(stdin="", expected_stdout=text)


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        ("print(gcd(4, 6))", "2"),
        ("def gcd(*_): return 5\nprint(gcd(4, 6))", "5"),
        ("print(gcd(4, 6))\ngcd = 7\nprint(gcd)\ndel gcd\nprint(gcd(4, 6))", "2\n7\n2"),
        ("from fractions import *\nfrom operator import add as gcd\nprint(gcd(4, 6))", "10"),
        ('"""Doc."""\nfrom __future__ import annotations\nprint(__doc__, gcd(4, 6))', "Doc. 2"),
        ("print(sorted(name for name in globals() if name[0] != '_'), 'gcd' in dir())", "[] False"),
        ("import sys\nprint(sys._getframe().f_lineno, sys._getframe().f_back.f_code.co_name)", "2 run_program"),
        ("try:\n    not_there\nexcept NameError as error:\n    print(error)", "name 'not_there' is not defined"),
        ("print(Node(3).val, Node.__module__)", "3 __main__"),
    ],
)
def test_a_program_on_standard_input_finds_the_names(any_judge, program, printed):
    """Its own win, its globals and its lines are as without, what the interpreter lacks is left out; each test alike."""
    assert verdict(any_judge, program, prints(printed), prints(printed)) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    "program",
    [
        "class Solution:\n    def f(self, n: Node, a): return gcd(n, a)",
        "gcd = lambda a, b: 2\ndef f(a, b): return gcd(a, b)",
        "def f(a, b, g=gcd): return g(a, b)",
    ],
)
def test_a_function_finds_the_names(any_judge, program):
    """In annotations, defaults and bodies, whether its tests are plain or need a conversation."""
    call = CallTest(function="f", arguments=(4, 6), expected=2)
    spoken = AssertTest(code="g = Solution().f if Solution else f\nassert g(4, 6) == 2", names=("f", "Solution"))

    assert verdict(any_judge, program, call, call) is Verdict.ACCEPTED
    if "class" in program:
        assert verdict(any_judge, program, spoken) is Verdict.ACCEPTED


def test_a_name_of_the_prelude_is_no_function_of_the_program(judge):
    """A test that calls `gcd` wants the program's, which here is a method."""
    program = "class Solution:\n    def gcd(self, a, b): return gcd(a, b) + 100"

    assert verdict(judge, program, CallTest(function="gcd", arguments=(4, 6), expected=102)) is Verdict.ACCEPTED
    missing = judge.judge("x = 1", (CallTest(function="gcd", arguments=(4, 6), expected=2),), prelude=PRELUDE)
    assert missing.verdict is Verdict.RUNTIME_ERROR


def test_an_error_is_reported_with_the_lines_of_the_program(judge):
    """As it would be without a prelude: last words and syntax errors."""
    judgement = judge.judge("x = 1\n\nx = = 2", (prints(""),), prelude=PRELUDE)
    plain = judge.judge("x = 1\n\nx = = 2", (prints(""),))

    assert (judgement.verdict, judgement.detail) == (Verdict.COMPILE_ERROR, plain.detail)
    assert "line 3" in plain.detail


@pytest.mark.parametrize("prelude", ["", PRELUDE])
@pytest.mark.parametrize("program", ["\0print(2)", "\0\0\0\0\0\0\0\0\1xprint(2)", "print(2)\0"])
def test_a_program_with_null_bytes_is_not_taken_for_one_with_a_prelude(judge, program, prelude):
    """The compiler refuses it, as it always does."""
    judgement = judge.judge(program, (prints("2"),), prelude=prelude)

    assert (judgement.verdict, "null bytes" in judgement.detail) == (Verdict.COMPILE_ERROR, True)


def test_a_program_without_a_prelude_is_sent_as_it_is():
    """Nothing is added to what most programs are."""
    assert with_prelude(b"print(1)", b"") == b"print(1)"


def test_an_error_of_the_prelude_is_the_programs():
    """It ran in the program's place and time; a fault would leave the sample out."""
    with Judge(Jail()) as judge:
        judgement = judge.judge("print(1)", (prints("1"),), prelude="1 / 0")

    assert (judgement.verdict, judgement.detail) == (Verdict.RUNTIME_ERROR, "ZeroDivisionError: division by zero")


def test_equal_programs_with_other_preludes_are_not_equal():
    """They may well be judged otherwise."""
    tests, limits = (prints("2"),), Limits()
    cases = [
        Case(program="print(gcd(4, 6))", tests=tests, limits=limits, prelude=text) for text in (PRELUDE, "", PRELUDE)
    ]

    judged = [(judgement.verdict.value, judgement.reused) for judgement in judge_all(cases, Jail(), 1, reuse=True)]

    assert judged == [("accepted", False), ("runtime_error", False), ("accepted", True)]
    assert Key("p", limits, False) != Key("p", limits, False, PRELUDE)
