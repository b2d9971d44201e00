"""Wrong programs under tests that call their functions: verdicts, and what is shown of the failure."""

import msgspec
import pytest

from sandbox.records import AssertTest

FAILS = {
    # a program, the names, the test, the verdict, the beginning of its detail
    "wrong": ("def f(): return 2", "f", "assert f() == 1", "wrong_answer", "assert f() == 1"),
    "wrong_with_message": ("def f(): return 2", "f", "assert f() == 1, 'not one'", "wrong_answer", "assert f() == 1, 'not one': not one"),
    "equal_to_everything": ("class A:\n    def __eq__(self, _): return True\ndef f(): return A()", "f", "assert f() == 1", "wrong_answer", "assert f() == 1"),
    "equal_in_reverse": ("class A:\n    def __eq__(self, _): return True\ndef f(): return A()", "f", "assert 1 == f()", "wrong_answer", ""),
    "unequal_to_nothing": ("class A:\n    def __ne__(self, _): return False\ndef f(): return A()", "f", "assert not f() != 1", "wrong_answer", ""),
    "greater_than_everything": ("class A:\n    def __gt__(self, _): return True\ndef f(): return A()", "f", "assert f() > 1", "wrong_answer", ""),
    "lying_list": ("class L(list):\n    def __eq__(self, _): return True\ndef f(): return L([2])", "f", "assert f() == [1]", "wrong_answer", ""),
    "lying_length": ("class L(list):\n    def __len__(self): return 9\ndef f(): return L([2])", "f", "assert len(f()) == 9", "wrong_answer", ""),
    "lying_contains": ("class S(set):\n    def __contains__(self, _): return True\ndef f(): return S()", "f", "assert 5 in f()", "wrong_answer", ""),
    "lying_hash": ("class A:\n    def __hash__(self): return hash(1)\n    def __eq__(self, _): return True\ndef f(): return A()", "f", "assert {1: 2}.get(f()) == 2", "wrong_answer", ""),
    "own_builtins": ("def all(x): return True\ndef f(): return [False]", "f", "assert all(f())", "wrong_answer", ""),
    "never_equal_nan": ("def f(): return float('nan')", "f", "assert f() == f()", "wrong_answer", ""),
    "test_meets_wrong_type": ("def f(): return None", "f", "assert len(f()) == 1", "wrong_answer", "assert len(f()) == 1: TypeError: "),
    "exception": ("def f(): raise ValueError('no')", "f", "assert f() == 1", "runtime_error", "ValueError: no"),
    "assertion_of_the_program": ("def f():\n    assert 0, 'mine'", "f", "assert f() == 1", "runtime_error", "AssertionError: mine"),
    "own_exception": ("class Mine(Exception): pass\ndef f(): raise Mine(5)", "f", "f()", "runtime_error", "Mine: 5"),
    "other_exception_than_expected": ("def f(): raise KeyError(1)", "f", "try:\n    f()\nexcept ValueError:\n    pass", "runtime_error", "KeyError: 1"),
    "exit": ("def f(): exit()", "f", "f()", "runtime_error", "SystemExit"),
    "keyboard_interrupt": ("def f(): raise KeyboardInterrupt", "f", "f()", "runtime_error", "KeyboardInterrupt"),
    "os_exit": ("import os\ndef f(): os._exit(0)", "f", "f()", "runtime_error", "the program ended itself while a test was running"),
    "segfault": ("import ctypes\ndef f(): ctypes.string_at(0)", "f", "f()", "runtime_error", "ended by SIGSEGV"),
    "real_time_signal": ("import os\ndef f(): os.kill(os.getpid(), 40)", "f", "f()", "runtime_error", "ended by signal 40"),
    "recursion": ("def f(): f()", "f", "f()", "runtime_error", "RecursionError: maximum recursion depth exceeded"),
    "missing_name": ("def g(): pass", "f", "assert f() == 1", "runtime_error", "the program defines no 'f'"),
    "missing_class": ("def g(): pass", "A", "assert A().f() == 1", "runtime_error", "the program defines no 'A'"),
    "missing_method": ("class A: pass", "A", "assert A().f() == 1", "runtime_error", "AttributeError: 'A' object has no attribute 'f'"),
    "wrong_signature": ("def f(): return 1", "f", "assert f(1) == 1", "runtime_error", "TypeError: f() takes 0 positional arguments but 1 was given"),
    "fails_to_load": ("x = 1 / 0", "f", "assert f() == 1", "runtime_error", "ZeroDivisionError: division by zero"),
    "exits_as_it_loads": ("import sys\nsys.exit(0)\ndef f(): return 1", "f", "assert f() == 1", "runtime_error", "SystemExit"),
    "reads_input_as_it_loads": ("n = int(input())\ndef f(): return 1", "f", "assert f() == 1", "runtime_error", "EOFError"),
    "cyclic_result": ("def f():\n    x = []\n    x.append(x)\n    return x", "f", "assert f() == 1", "runtime_error", "Unencodable"),
    "two_lines": ("def f(): raise ValueError('a\\nb')", "f", "f()", "runtime_error", "ValueError: a"),
    "odd_message": ("def f(): raise ValueError('\\ud800')", "f", "f()", "runtime_error", "ValueError: "),
    "long_message": ("def f(): raise ValueError('x' * 10**6)", "f", "f()", "runtime_error", "ValueError: xxxx"),
    "exception_without_words": ("class Mine(Exception):\n    def __str__(self): 1 / 0\ndef f(): raise Mine", "f", "f()", "runtime_error", "Mine: "),
    "not_python": ("def f(:", "f", "f()", "compile_error", "SyntaxError: invalid syntax"),
    "memory_error": ("def f(): raise MemoryError", "f", "f()", "memory_limit", "MemoryError"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILS)
def test_wrong_programs_fail(any_judge, case):
    """Each with its verdict and a detail that begins as given, with namespaces and without."""
    program, names, code, verdict, detail = FAILS[case]

    judgement = any_judge.judge(program, (AssertTest(code=code, names=tuple(names.split())),))

    assert judgement.verdict.value == verdict
    assert judgement.detail.startswith(detail)


@pytest.mark.parametrize("case", FAILS)
def test_details_fit_into_a_row(examine, case):
    """Whatever a program says is one line of at most 2,100 characters that can be stored as UTF-8."""
    program, names, code, *_ = FAILS[case]

    judgement = examine(program, code, names=tuple(names.split()))

    assert (len(judgement.detail) <= 2100, "\n" in judgement.detail) == (True, False)
    assert msgspec.json.decode(msgspec.json.encode(judgement))["detail"] == judgement.detail


def test_a_failed_assertion_shows_both_sides(examine):
    """The assertion, its right side, and what the last call returned."""
    (outcome,) = examine("def f(x): return x", "assert f(1) == 1\nassert f([2, 'a']) == [1 + 2, 'a']").per_test

    assert (outcome.detail, outcome.expected, outcome.actual) == (
        "assert f([2, 'a']) == [1 + 2, 'a']", "[1 + 2, 'a']", "[2, 'a']",
    )  # fmt: skip


@pytest.mark.parametrize(
    "big",
    [
        "'x' * 10**6",
        "list(range(10**5))",
        "[[list(range(30))] * 30] * 30",
        "10**100_000",
        "{i: 'x' * 99 for i in range(999)}",
    ],
)
def test_big_answers_are_cut(examine, big):
    """What is shown of an answer stays readable, whatever its size and shape."""
    (outcome,) = examine(f"def f(): return {big}", "assert f() == 1").per_test

    assert 0 < len(outcome.actual) <= 10_000
