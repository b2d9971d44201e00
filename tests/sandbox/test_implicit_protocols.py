"""What a program raises never steers a loop or a protocol of the test: for each protocol, what a raising program gets."""

import pytest

RAISES = "def f(*_): raise {}"
OBJECT = """
class Odd:
    def __{}__(self, *_): raise {}
def f(*_): return Odd()
"""
ATTRIBUTE = """
class Odd:
    @property
    def v(self): raise {}
def f(*_): return Odd()
"""

ENDS = ("StopIteration", "StopIteration(3)", "type('Mine', (StopIteration,), {})", "StopAsyncIteration")
LOOPS = {
    "all_of_map": "assert all(map(lambda c: f(c[0]) == c[1], [(1, 2), (2, 3)]))",
    "any_of_map": "assert not any(map(lambda c: f(c[0]) != c[1], [(1, 2), (2, 3)]))",
    "for_over_map": "for got, want in zip(map(f, [1, 2]), [2, 3]):\n    assert got == want",
    "sum_of_map": "assert sum(map(lambda c: f(c[0]) != c[1], [(1, 2)])) == 0",
    "max_with_default": "assert max(map(lambda c: abs(f(c[0]) - c[1]), [(1, 2)]), default=0) < 1e-6",
    "next_with_default": "assert next(map(f, [1]), 2) == 2",
    "iter_with_sentinel": "assert list(iter(lambda: f(1), 2)) == []",
    "list_of_filter": "assert list(filter(f, [1, 2])) == []",
    "sorted_of_map": "assert sorted(map(f, [1, 2])) == []",
    "unpacking": "a, *rest = [5, *map(f, [1])]\nassert rest == []",
    "in_a_check": "def check(candidate):\n    assert all(map(lambda c: candidate(c) == 2, [1]))\ncheck(f)",
    "in_a_generator": "assert all(f(x) == y for x, y in [(1, 2)])",
    "own_iterator": "class It:\n    def __iter__(self): return self\n    def __next__(self): return f(1)\nassert list(It()) == []",
    "own_sequence": "class Seq:\n    def __getitem__(self, i): return f(i)\nassert list(Seq()) == []",
    "in_own_sequence": "class Seq:\n    def __getitem__(self, i): return f(i)\nassert 5 not in Seq()",
    "reduce": "import functools\nassert functools.reduce(lambda a, b: a + b, map(f, [1]), 0) == 0",
    "chain": "import itertools\nassert list(itertools.chain(map(f, [1]), [1])) == [1]",
    "dictionary": "assert dict(map(lambda x: (x, f(x)), [1])) == {}",
    "thread_pool": "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool:\n    assert list(pool.map(f, [1])) == []",
}  # fmt: skip


@pytest.mark.parametrize("error", ENDS)
@pytest.mark.parametrize("loop", LOOPS)
def test_an_end_of_iteration_that_is_called_for_ends_no_loop_of_the_test(examine, loop, error):
    """It is a runtime error of the program, as PEP 479 has it for generators."""
    assert examine(RAISES.format(error), LOOPS[loop]).verdict.value == "runtime_error"


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("len", "assert all(map(len, [f()]))"),
        ("getitem", "assert all(map(lambda o: o[0], [f()]))"),
        ("call", "assert all(map(lambda o: o(), [f()]))"),
        ("str", "assert all(map(str, [f()]))"),
        ("repr", "assert all(map(repr, [f()]))"),
        ("int", "assert all(map(int, [f()]))"),
        ("float", "assert all(map(float, [f()]))"),
        ("neg", "assert all(map(lambda o: -o, [f()]))"),
        ("add", "assert all(map(lambda o: o + o, [f()]))"),
        ("iter", "assert all(map(iter, [f()]))"),
        ("enter", "def use(o):\n    with o: pass\nassert all(map(use, [f()]))"),
        ("deepcopy", "import copy\nassert all(map(copy.deepcopy, [f()]))"),
    ],
)
def test_a_method_that_raises_the_end_of_an_iteration_ends_no_loop_of_the_test(examine, method, code):
    """Whatever the test asks of an object of the program."""
    assert examine(OBJECT.format(method, "StopIteration"), code).verdict.value == "runtime_error"


def test_an_attribute_that_raises_the_end_of_an_iteration_ends_no_loop_of_the_test(examine):
    """A property is the program's code as well."""
    program = ATTRIBUTE.format("StopIteration")

    assert examine(program, "assert all(map(lambda o: o.v == 1, [f(1), f(2)]))").verdict.value == "runtime_error"


PROTOCOLS = {
    # program, test, verdict: what Python itself gives, because the test asks just for that
    "iterators_end": ("def f(): return iter([1, 2])", "assert list(f()) == [1, 2]", "accepted"),
    "generators_end": ("def f():\n    yield 1", "assert [*f()] == [1] and next(f(), 5) == 1", "accepted"),
    "next_takes_the_default": ("def f(): return iter([])", "assert next(f(), 5) == 5", "accepted"),
    "own_next_ends": (OBJECT.format("next", "StopIteration"), "assert next(f(), 5) == 5", "accepted"),
    "generator_that_raises_is_no_end": ("def f():\n    yield 1\n    raise StopIteration", "assert list(f()) == [1]", "runtime_error"),
    "hasattr_is_false_for_an_attribute_error": (ATTRIBUTE.format("AttributeError"), "assert not hasattr(f(), 'v')", "accepted"),
    "hasattr_passes_on_other_errors": (ATTRIBUTE.format("ValueError"), "assert not hasattr(f(), 'v')", "runtime_error"),
    "getattr_takes_the_default": (ATTRIBUTE.format("AttributeError"), "assert getattr(f(), 'v', 3) == 3", "accepted"),
    "getattr_passes_on_other_errors": (ATTRIBUTE.format("KeyError"), "assert getattr(f(), 'v', 3) == 3", "runtime_error"),
    "index_error_ends_a_sequence_of_the_test": (RAISES.format("IndexError"), "class Seq:\n    def __getitem__(self, i): return f(i)\nassert list(Seq()) == []", "accepted"),
    "in_does_not_ask_contains": ("class A:\n    def __contains__(self, _): return True\ndef f(): return A()", "assert 5 in f()", "wrong_answer"),
    "in_asks_an_iterator_that_raises": (OBJECT.format("iter", "StopIteration"), "assert 5 not in f()", "runtime_error"),
    "suppress_takes_what_it_names": (RAISES.format("ValueError"), "import contextlib\nwith contextlib.suppress(ValueError):\n    f()", "accepted"),
    "suppress_takes_no_more": (RAISES.format("KeyError"), "import contextlib\nwith contextlib.suppress(ValueError):\n    f()", "runtime_error"),
    "suppressed_stop_iteration_is_a_runtime_error": (RAISES.format("StopIteration"), "import contextlib\nwith contextlib.suppress(StopIteration):\n    f()", "runtime_error"),
    "missing_key_is_not_asked_by_get": (RAISES.format("KeyError"), "class D(dict):\n    def __missing__(self, k): return f(k)\nassert D().get(1, 2) == 2", "accepted"),
    "missing_key_raises": (RAISES.format("KeyError"), "class D(dict):\n    def __missing__(self, k): return f(k)\nassert D()[1] == 2", "runtime_error"),
    "sort_keys_raise": (RAISES.format("StopIteration"), "assert sorted([1], key=f) == [1]", "runtime_error"),
    "sort_keys_that_are_objects": ("class A: pass\ndef f(_): return A()", "assert sorted([2, 1], key=f) == [1, 2]", "wrong_answer"),
    "length_hints_raise": (OBJECT.format("len", "ValueError"), "assert list(f()) == []", "runtime_error"),
    "try_catches_what_the_test_names": (RAISES.format("ValueError('x')"), "try:\n    f()\n    assert False\nexcept ValueError as e:\n    assert str(e) == 'x'", "accepted"),
    "system_exit_is_no_end": (RAISES.format("SystemExit(0)"), "f()", "runtime_error"),
    "skipped_test_is_a_failed_one": ("import unittest\ndef f(): raise unittest.SkipTest('no')", "import unittest, io\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(), 1)\nassert unittest.TextTestRunner(io.StringIO()).run(T('test')).wasSuccessful()", "wrong_answer"),
    "cancelled_task_is_a_failed_one": ("import asyncio\ndef f(): raise asyncio.CancelledError", "import asyncio\nasync def main():\n    done, _ = await asyncio.wait([asyncio.ensure_future(step())])\n    assert not any(not t.cancelled() and t.exception() for t in done)\nasync def step(): assert f() == 1\nasyncio.run(main())", "wrong_answer runtime_error"),
    "generator_exit_is_no_end": (RAISES.format("GeneratorExit"), "def g():\n    yield f()\nassert list(g()) == []", "runtime_error"),
}  # fmt: skip


@pytest.mark.parametrize("case", PROTOCOLS)
def test_what_a_program_gets_from_a_protocol_of_the_test(examine, case):
    """What the test asks for by name is Python's own behaviour; nothing else is swallowed."""
    program, code, verdict = PROTOCOLS[case]

    assert examine(program, code).verdict.value in verdict.split()


DEATHS = {
    "exit": "import os\ndef f(*_): os._exit(0)",
    "malformed": "import os\ndef f(*_):\n    for fd in range(3, 9):\n        try: os.write(fd, b'\\x02\\0\\0\\0{}')\n        except OSError: pass",
    "too_large": "def f(*_): return 'x' * (17 << 20)",
}  # fmt: skip


@pytest.mark.parametrize("way", DEATHS)
def test_a_test_that_catches_everything_does_not_catch_the_end_of_the_conversation(examine, way):
    """`except Exception` is for what the program raises, not for a program that leaves or answers nonsense."""
    code = "try:\n    f(-1)\nexcept BaseException:\n    pass"

    assert examine(DEATHS[way], code).verdict.value in ("runtime_error", "output_limit")
