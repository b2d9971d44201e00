"""A test that is broken by itself is a fault of ours, whatever the program; all else counts for or against the program."""

import pytest

from sandbox.records import AssertTest, Verdict

pytestmark = pytest.mark.slow

RIGHT = "def f(x): return x"
OTHER = "def f(x): return 'other'"

BROKEN = {
    # setup, code, words of the detail
    "imports_a_missing_module": ("", "import nosuch\nassert f(1) == 1", "ModuleNotFoundError: No module named 'nosuch'"),
    "imports_a_missing_name": ("", "from math import nosuch\nassert f(1) == 1", "ImportError: cannot import name 'nosuch'"),
    "imports_a_missing_module_late": ("", "def check(g):\n    assert g(1) != 2\n    import nosuch\ncheck(f)", "No module named 'nosuch'"),
    "setup_imports_a_missing_module": ("import nosuch", "assert f(1) == 1", "No module named 'nosuch'"),
    "setup_raises": ("table = [1, 2, 3]\nlast = table[3]", "assert f(last) == 3", "IndexError: list index out of range"),
    "setup_asserts": ("assert 1 == 2", "assert f(1) == 1", "AssertionError"),
    "setup_exits": ("raise SystemExit(0)", "assert f(1) == 1", "SystemExit: 0"),
    "setup_opens_a_missing_file": ("cases = open('cases.txt').read()", "assert f(cases) == cases", "FileNotFoundError"),
    "uses_an_unknown_name": ("", "assert f(one) == 1", "NameError: name 'one' is not defined"),
    "uses_an_unknown_module": ("", "assert np.allclose(f(1), 1)", "NameError: name 'np' is not defined"),
    "uses_an_unknown_name_in_a_function": ("", "def check(g):\n    assert g(1) == one\ncheck(f)", "name 'one' is not defined"),
    "setup_uses_an_unknown_name_beside_the_program": ("two = f(one)", "assert f(two) == 2", "name 'one' is not defined"),
    "asks_for_an_attribute_of_pythons_own": ("", "assert f.__wrapped__(1) == 1", "AttributeError: __wrapped__"),
    "does_not_parse": ("", "assert f(1) ==", "SyntaxError"),
    "setup_does_not_parse": ("one = (", "assert f(1) == 1", "SyntaxError"),
}  # fmt: skip


@pytest.mark.parametrize("program", [RIGHT, OTHER], ids=["right", "wrong"])
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_test_is_no_fault_of_the_program(examine, case, program):
    """Not even of a wrong one; the detail says what is wrong with the test."""
    setup, code, words = BROKEN[case]

    judgement = examine(program, code, setup=setup)

    assert (judgement.verdict, words in judgement.detail) == (Verdict.SANDBOX_ERROR, True), judgement.detail


COUNTS = {
    # the program, setup, code, verdict
    "name_that_the_program_lacks": ("def g(): pass", "", "assert f(1) == 1", "runtime_error"),
    "name_that_the_program_lacks_in_setup": ("def g(): pass", "two = f(2)", "assert two == 2", "runtime_error"),
    "name_bound_by_what_the_program_yields": ("def f(n): return []", "", "for x in f(3): last = x\nassert last == 3", "wrong_answer"),
    "name_bound_where_the_program_does_not_raise": (
        "def f(n): 1 / 0", "", "try: x = f(3)\nexcept ZeroDivisionError: pass\nassert x == 3", "wrong_answer",
    ),
    "name_bound_in_a_function": ("def f(n): return []", "", "def g():\n    for x in f(3): last = x\n    return last\nassert g() == 3", "wrong_answer"),
    "setup_meets_the_wrong_type": ("def f(n): return None", "first = f(3)[0]", "assert first == 3", "wrong_answer"),
    "setup_meets_an_exception": ("def f(n): 1 / 0", "first = f(3)", "assert first == 3", "runtime_error"),
    "setups_function_meets_the_wrong_type": ("def f(n): return None", "def first(x): return x[0]", "assert first(f(3)) == 3", "wrong_answer"),
    "import_error_of_the_program": ("def f(n): import nosuch", "", "assert f(3) == 3", "runtime_error"),
    "name_error_of_the_program": ("def f(n): return nosuch", "", "assert f(3) == 3", "runtime_error"),
    "name_error_of_the_program_with_a_name_of_its_own": (
        "def f(n): raise NameError('x', name='x')", "", "assert f(3) == 3", "runtime_error",
    ),
    "import_error_as_it_loads": ("import nosuch\ndef f(n): return n", "", "assert f(3) == 3", "runtime_error"),
    "raised_while_iterated": ("def f(n):\n    yield 1\n    raise ImportError('no')", "", "assert list(f(3)) == [1]", "runtime_error"),
    "eval_of_an_answer": ("def f(n): return '3 +'", "", "assert eval(f(3)) == 3", "wrong_answer"),
    "eval_of_an_unknown_name": ("def f(n): return 'nosuch'", "", "assert eval(f(3)) == 3", "wrong_answer"),
    "exec_of_an_import": ("def f(n): return 'import nosuch'", "", "exec(f(3))", "wrong_answer"),
    "exec_of_a_compiled_import": ("def f(n): return 'import nosuch'", "", "exec(compile(f(3), 'answer.py', 'exec'))", "wrong_answer"),
    "import_behind_a_loop_that_only_an_answer_ends": ("def f(n): return 3", "", "while f(3) != 3: pass\nimport nosuch", "wrong_answer"),
    "error_of_another_kind_behind_an_answer": (RIGHT, "", "x = f(3)\n[1][5]", "wrong_answer"),
    "import_of_what_is_made_of_an_answer": ("def f(n): return 'nosuch'", "", "__import__('m' + str(f(3)))", "wrong_answer"),
    "import_where_only_an_answer_leads": (RIGHT, "", "if f(3) == 3:\n    import nosuch\nimport nosuch", "wrong_answer"),
    "caught_import_error_of_the_test": (RIGHT, "", "try:\n    import nosuch\nexcept ImportError:\n    pass\nassert f(3) == 3", "accepted"),
}  # fmt: skip


@pytest.mark.parametrize("case", COUNTS)
def test_what_the_program_brings_about_counts(examine, case):
    """A program can't be excused by raising what a broken test would, nor by answering what its test trips over."""
    program, setup, code, verdict = COUNTS[case]

    assert examine(program, code, setup=setup).verdict.value == verdict


def test_a_failure_that_was_looked_into_does_not_bound_the_next_test(examine):
    """The second test works for longer than the 1 s of CPU that a look takes at most."""
    works = "import time\nend_s = time.process_time() + 1.5\nwhile time.process_time() < end_s: pass\nassert f(3)"

    judgement = examine("def f(n): return 'import nosuch'", "exec(f(3))", works, exhaustive=True)

    assert [outcome.verdict.value for outcome in judgement.per_test] == ["wrong_answer", "accepted"]


def test_a_name_of_another_program_is_the_tests_own_fault(judge):
    """A test that uses `g` without asking the program for it is broken, though the program defines one."""
    test = AssertTest(code="assert g(1) == 1", names=("f",))

    assert judge.judge("def f(x): return x\ng = f", (test,)).verdict is Verdict.SANDBOX_ERROR
