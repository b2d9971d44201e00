"""Functions and iterators that a test gives to the program run on the examiner's side, when the program calls them."""

import pytest

ACCEPTED = {
    # program, test
    "function": ("def f(g, xs): return [g(x) for x in xs]", "assert f(lambda v: v + 1, [1, 2]) == [2, 3]"),
    "builtin": ("def f(g, xs): return list(map(g, xs))", "assert f(abs, [-1, 2]) == [1, 2] and f(str, [1]) == ['1']"),
    "key": ("def f(xs, key): return sorted(xs, key=key)", "assert f([1, 2, 3], key=lambda v: -v) == [3, 2, 1]"),
    "in_a_list": ("def f(gs): return [g(2) for g in gs]", "assert f([lambda v: v, lambda v: v * v]) == [2, 4]"),
    "in_a_dictionary": ("def f(gs, name): return gs[name]()", "assert f({'one': lambda: 1}, 'one') == 1"),
    "given_to_an_object": ("class A:\n    def __init__(self, g): self.g = g\n    def h(self): return self.g(3)", "assert A(lambda v: v + 1).h() == 4"),
    "set_as_an_attribute": ("class A:\n    def h(self): return self.g(3)", "a = A()\na.g = lambda v: v + 1\nassert a.h() == 4"),
    "closure": ("def f(g):\n    g(1)\n    g(2)", "seen = []\nf(seen.append)\nassert seen == [1, 2]"),
    "keywords": ("def f(g): return g(1, by=2)", "assert f(lambda v, by: v * by) == 2"),
    "composed": ("def f(g, h): return lambda v: g(h(v))", "assert f(lambda v: v + 1, lambda v: v * 2)(5) == 11"),
    "decorator": ("import functools\ndef f(g):\n    @functools.wraps(g)\n    def h(*a): return g(*a) + 1\n    return h", "@f\ndef two(): return 2\nassert two() == 3"),
    "comes_back": ("def f(g): return g", "g = lambda: 1\nassert f(g) is g"),
    "calls_the_program": ("def f(g, n): return g(n)\ndef h(n): return n + 1", "assert f(lambda n: h(n), 1) == 2"),
    "recursion_through_both": ("def f(g, n): return 0 if n == 0 else 1 + g(g, n - 1)", "def g(g, n): return f(g, n)\nassert f(g, 20) == 20"),
    "raises_what_is_caught": ("def f(g):\n    try: g()\n    except KeyError: return 'caught'", "def g(): raise KeyError(1)\nassert f(g) == 'caught'"),
    "raises_what_takes_more_than_a_text": ("def f(g):\n    try: g()\n    except ValueError as error: return str(error)", "assert 'invalid start byte' in f(b'\\xff'.decode)"),
    "raises_a_class_of_its_own": ("def f(g):\n    try: g()\n    except LookupError as error: return str(error)", "class Mine(KeyError):\n    def __str__(self): return 'mine'\ndef g(): raise Mine\nassert 'mine' in f(g)"),
    "program_object_as_argument": ("class A: pass\ndef f(g):\n    a = A()\n    a.v = 5\n    return g(a)", "assert f(lambda a: a.v) == 5"),
    "iterator": ("def f(xs): return sum(xs)", "assert f(iter([1, 2])) == 3 and f(x for x in [4]) == 4"),
    "iterator_in_part": ("def f(xs): return next(xs)", "it = iter([1, 2])\nassert f(it) == 1 and next(it) == 2"),
    "class_of_the_test": ("def f(kind): return kind(3)", "assert f(float) == 3.0"),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_program_may_call_what_the_test_gives_it(examine, case):
    """As if both were one program."""
    program, code = ACCEPTED[case]

    judgement = examine(program, code, names=("f", "h", "A"))

    assert (judgement.verdict.value, judgement.detail) == ("accepted", "")


FAILS = {
    # program, test, verdict
    "wrong": ("def f(g, xs): return xs", "assert f(lambda v: v + 1, [1]) == [2]", "wrong_answer"),
    "failed_assertion_swallowed": ("def f(g):\n    try: g(99)\n    except BaseException: pass", "def g(v): assert v == 3\nf(g)", "wrong_answer"),
    "raises_through": ("def f(g): return g()", "def g(): raise KeyError('k')\nf(g)", "runtime_error"),
    "not_given": ("import os, struct, json\ndef f(g):\n    data = json.dumps(['callback', 77, [], {}]).encode()\n    for fd in range(3, 9):\n        try: os.write(fd, struct.pack('=I', len(data)) + data)\n        except OSError: pass", "assert f(abs) == 1", "runtime_error"),
    "endless": ("def f(g):\n    while True: g()", "f(lambda: 0)", "time_limit"),
    "endless_recursion": ("def f(g): return g()", "def g(): return f(g)\nassert f(g) == 1", "runtime_error wrong_answer"),
    "looks_inside": ("def f(g): return g.__globals__['secret']", "secret = 5\nassert f(lambda: secret) == 5", "runtime_error"),
    "looks_into_an_iterator": ("def f(it): return it.gi_frame.f_locals", "assert f(x for x in [1]) == {}", "runtime_error"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILS)
def test_a_program_gains_nothing_by_what_it_calls(examine, case):
    """An assertion that fails in a function of the test fails the test; nothing but calling is offered."""
    program, code, verdicts = FAILS[case]

    assert examine(program, code, cpu_s=1.0).verdict.value in verdicts.split()
