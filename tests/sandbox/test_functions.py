"""Tests that call a program's functions: what crosses between the test and the program, and what can't."""

import msgspec
import pytest

from sandbox.judge import Judge
from sandbox.limits import Limits
from sandbox.testcase import AssertTest, CallTest, StdioTest
from sandbox.verdict import Verdict

PASSES = {
    # a program, the names that the test needs of it, the test
    "plain_call": ("def f(a, b=2): return a + b", "f", "assert f(1) == 3 and f(1, 1) == 2 and f(b=5, a=1) == 6"),
    "plain_types": (
        "def f(x): return x",
        "f",
        "for x in (1, 2.5, 'a', b'b', None, True, [1, [2]], (1,), {1: (2,)}, {1}, 2**70, 1j):\n"
        "    assert f(x) == x and type(f(x)) is type(x)",
    ),
    "odd_floats": ("def f(): return [float('nan'), float('inf'), -0.0]", "f", "assert str(f()) == '[nan, inf, -0.0]'"),
    "int_of_5000_digits": ("def f(n): return 10**n", "f", "assert f(5000) == 10**5000"),
    "set_of_tuples": ("def f(): return {(2, 1), (1, 2)}", "f", "assert f() == {(1, 2), (2, 1)}"),
    "collections": (
        "from collections import *\ndef f(): return [Counter('aab'), OrderedDict(a=1), deque([1], 3)]",
        "f",
        "from collections import *\nassert f() == [Counter(a=2, b=1), OrderedDict(a=1), deque([1])]",
    ),
    "defaultdict": (
        "from collections import defaultdict\ndef f():\n    d = defaultdict(list)\n    d[1].append(2)\n    return d",
        "f",
        "d = f()\nassert d == {1: [2]} and d[5] == []",
    ),
    "decimal": ("from decimal import Decimal\ndef f(): return Decimal('1.10')", "f", "assert str(f()) == '1.10'"),
    "datetime": (
        "import datetime\ndef f(d): return d + datetime.timedelta(1)",
        "f",
        "import datetime\nassert f(datetime.date(2024, 2, 28)) == datetime.date(2024, 2, 29)",
    ),
    "numpy": (
        "import numpy as np\ndef f(a): return a * 2",
        "f",
        "import numpy as np\nassert (f(np.array([1, 2])) == np.array([2, 4])).all() and f(np.int64(2)) == 4",
    ),
    # arguments that the program changes in place
    "list_changed": ("def f(x): x.append(1)", "f", "x = [0]\nf(x)\nassert x == [0, 1]"),
    "list_sorted": ("def f(x): x.sort()", "f", "x = [3, 1, 2]\nassert f(x) is None\nassert x == [1, 2, 3]"),
    "list_emptied": ("def f(x): x.clear()", "f", "x = [3, 1, 2]\nf(x)\nassert x == []"),
    "second_list_changed": ("def f(n, x): x[0] = n", "f", "x = [0]\nf(7, x)\nassert x == [7]"),
    "keyword_list_changed": ("def f(x): x.sort()", "f", "x = [2, 1]\nf(x=x)\nassert x == [1, 2]"),
    "nested_list_changed": (
        "def f(grid): grid[1][0] = 5",
        "f",
        "row = [0]\ngrid = [[1], row]\nf(grid)\nassert grid == [[1], [5]] and row == [5]",
    ),
    "rows_swapped": ("def f(x): x.reverse()", "f", "x = [[1], [2, 3], [4]]\nf(x)\nassert x == [[4], [2, 3], [1]]"),
    "list_in_a_tuple_changed": ("def f(x): x[0].sort()", "f", "x = ([2, 1],)\nf(x)\nassert x == ([1, 2],)"),
    "dict_changed": ("def f(x):\n    x['b'] = x.pop('a')", "f", "x = {'a': 1}\nf(x)\nassert x == {'b': 1}"),
    "dict_reordered": ("def f(x):\n    x['a'] = x.pop('a')", "f", "x = dict(a=1, b=2)\nf(x)\nassert list(x) == ['b', 'a']"),
    "list_in_a_dict_changed": ("def f(x): x['a'].append(1)", "f", "a = []\nf({'a': a})\nassert a == [1]"),
    "set_changed": ("def f(x): x.discard(1)", "f", "x = {1, 2}\nf(x)\nassert x == {2}"),
    "deque_changed": (
        "def f(x): x.rotate(1)",
        "f",
        "from collections import deque\nx = deque([1, 2], maxlen=2)\nf(x)\nassert x == deque([2, 1]) and x.maxlen == 2",
    ),
    "counter_changed": (
        "def f(x): x.update('a')",
        "f",
        "from collections import Counter\nx = Counter('ab')\nf(x)\nassert x == Counter('aab')",
    ),
    "defaultdict_changed": (
        "def f(x): x[1]",
        "f",
        "from collections import defaultdict\nx = defaultdict(int)\nf(x)\nassert x == {1: 0} and x[2] == 0",
    ),
    "bytearray_changed": ("def f(x): x += b'b'", "f", "x = bytearray(b'a')\nf(x)\nassert x == b'ab'"),
    "array_changed": (
        "def f(x): x[0] = 9",
        "f",
        "import numpy as np\nx = np.array([1, 2])\nf(x)\nassert x.tolist() == [9, 2]",
    ),
    "unchanged_keeps_identity": ("def f(x): pass", "f", "row = [1]\nx = [row]\nf(x)\nassert x[0] is row"),
    "changed_before_an_exception": (
        "def f(x):\n    x.append(1)\n    raise ValueError",
        "f",
        "x = []\ntry:\n    f(x)\nexcept ValueError:\n    pass\nassert x == [1]",
    ),
    # objects of the program's own classes
    "attributes_are_read": ("class A:\n    x = 1\n    def __init__(self): self.y = [2]", "A", "a = A()\nassert a.x == 1 and a.y == [2]"),
    "attributes_are_set": (
        "class A:\n    x = 1\n    def get(self): return self.x",
        "A",
        "a = A()\na.x = 5\nassert a.x == 5 and a.get() == 5 and A().x == 1",
    ),
    "class_attributes_are_set": ("class A:\n    x = 1\ndef f(): return A.x", "A f", "A.x = 2\nassert f() == 2"),
    "methods": ("class A:\n    def __init__(self, n): self.n = n\n    def f(self, k): return self.n * k", "A", "assert A(6).f(7) == 42"),
    "static_and_class_methods": (
        "class A:\n    @staticmethod\n    def s(): return 1\n    @classmethod\n    def c(cls): return cls.__name__",
        "A",
        "assert A.s() == 1 and A.c() == 'A' and A().c() == 'A'",
    ),
    "property": ("class A:\n    @property\n    def p(self): return 3", "A", "assert A().p == 3"),
    "objects_as_arguments": (
        "class Node:\n    def __init__(self, v, next=None): self.v, self.next = v, next\n"
        "def f(node): return 0 if node is None else node.v + f(node.next)",
        "Node f",
        "assert f(Node(1, Node(2, Node(3)))) == 6",
    ),
    "objects_in_containers": ("class A: pass\ndef f(pair): return pair[0] is pair[1]", "A f", "a = A()\nassert f([a, a]) and not f([a, A()])"),
    "objects_as_results": (
        "class Node:\n    def __init__(self, v, left=None): self.v, self.left = v, left\ndef f(): return Node(1, Node(2))",
        "f",
        "assert f().left.v == 2 and f().left.left is None",
    ),
    "identity": ("class A: pass\na = A()\ndef f(): return a", "a f A", "assert f() is f() is a and A() is not A() and a == a"),
    "identity_through_a_list": ("class A: pass\na = A()\ndef f(): return [a, a]", "f a", "assert f()[0] is f()[1] is a"),
    "objects_as_keys": ("class A: pass\na = A()\ndef f(): return {a: 1}", "f a", "assert f()[a] == 1 and {a: 2}[f().popitem()[0]] == 2"),
    "isinstance": ("class A: pass\nclass B(A): pass", "A B", "assert isinstance(B(), A) and not isinstance(A(), B) and not isinstance(1, A)"),
    "truth": ("class A: pass\ndef f(): return A()", "f", "assert f()"),
    "str": ("class A:\n    def __str__(self): return 'me'", "A", "assert str(A()) == 'me' and f'{A()}' == 'me'"),
    "len_and_items": (
        "class A:\n    def __len__(self): return 3\n    def __getitem__(self, i): return [5, 6, 7][i]",
        "A",
        "a = A()\nassert len(a) == 3 and a[1] == 6 and a[-1] == 7 and list(a) == [5, 6, 7]",
    ),
    "iteration": ("class A:\n    def __iter__(self): return iter((1, 2))", "A", "assert list(A()) == [1, 2] and 2 in A()"),
    "callable_objects": ("class A:\n    def __call__(self, x): return x + 1", "A", "assert A()(1) == 2"),
    "hasattr_and_getattr": ("class A:\n    x = 1", "A", "assert hasattr(A(), 'x') and not hasattr(A(), 'y') and getattr(A, 'y', 5) == 5"),
    "functions_as_results": ("def f(n): return lambda x: x + n", "f", "assert f(2)(3) == 5"),
    "functions_as_arguments": ("def f(g, x): return g(g(x))\ndef g(x): return x * 3", "f g", "assert f(g, 1) == 9"),
    "decorated": ("from functools import lru_cache\n@lru_cache\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)", "f", "assert f(50) == 12586269025"),
    "named_tuples": (
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(p): return P(p[1], p[0])",
        "f",
        "assert f((1, 2)) == (2, 1)",
    ),
    "enum": (
        "from enum import Enum\nclass E(Enum):\n    A = 1\ndef f(): return E.A",
        "E f",
        "assert f() is E.A and f().value == 1 and E.A.name == 'A'",
    ),
    "linked_list_is_walked": (
        "class N:\n    def __init__(s, v): s.v, s.next = v, None",
        "N",
        "a, b = N(1), N(2)\na.next = b\nassert a.next.v == 2 and a.next is b and b.next is None",
    ),
    # iterators, consumed by the test one by one
    "generator": ("def f():\n    yield 1\n    yield 2", "f", "assert list(f()) == [1, 2]"),
    "endless_generator": ("def f():\n    n = 0\n    while True:\n        yield n\n        n += 1", "f", "g = f()\nassert [next(g) for _ in range(3)] == [0, 1, 2]"),
    "generator_is_exhausted": ("def f():\n    yield 1", "f", "g = f()\nassert next(g) == 1 and next(g, None) is None and list(g) == []"),
    "generator_send": ("def f():\n    x = yield 1\n    yield x", "f", "g = f()\nnext(g)\nassert g.send(5) == 5"),
    "map": ("def f(x): return map(str, x)", "f", "assert list(f([1, 2])) == ['1', '2']"),
    "zip": ("def f(x): return zip(x, x)", "f", "assert dict(f('ab')) == {'a': 'a', 'b': 'b'}"),
    "filter": ("def f(x): return filter(None, x)", "f", "assert set(f([0, 1])) == {1}"),
    "reversed": ("def f(x): return reversed(x)", "f", "assert tuple(f([1, 2])) == (2, 1)"),
    "range": ("def f(n): return range(n)", "f", "assert f(3) == range(3) and list(f(2)) == [0, 1] and 2**70 in f(2**71)"),
    "dict_views": ("def f(d): return d.keys(), d.values(), d.items()", "f", "k, v, i = f({1: 2})\nassert [*k] == [1] and [*v] == [2] and [*i] == [(1, 2)] and len(k) == 1"),
    "dict_view_sorted": ("def f(d): return d.items()", "f", "assert sorted(f({2: 1, 1: 2})) == [(1, 2), (2, 1)]"),
    # exceptions that the test expects
    "expected_exception": ("def f(): raise ValueError('no')", "f", "try:\n    f()\nexcept ValueError:\n    pass\nelse:\n    assert False"),
    "expected_base_exception": ("def f(): {}[1]", "f", "try:\n    f()\nexcept LookupError:\n    pass\nelse:\n    assert False"),
    "own_exception_by_its_base": (
        "class Mine(ValueError): pass\ndef f(): raise Mine(1, 2)",
        "f",
        "try:\n    f()\nexcept ValueError:\n    pass\nelse:\n    assert False",
    ),
    "exception_message": ("def f(): raise ValueError('no')", "f", "try:\n    f()\nexcept ValueError as error:\n    assert str(error) == 'no'\nelse:\n    assert False"),
    "exception_in_iteration": ("def f():\n    yield 1\n    raise KeyError(2)", "f", "try:\n    list(f())\nexcept KeyError:\n    pass\nelse:\n    assert False"),
    "exception_in_with": (
        "def f(): raise TypeError",
        "f",
        "import contextlib\nwith contextlib.suppress(TypeError):\n    f()\n    assert False",
    ),
    # what is the test's and what is the program's
    "builtins_are_the_tests_own": ("def set(x): return 7\nabs = sum = len\ndef f(): return [1, 1]", "f", "assert set(f()) == {1} and abs(-1) == 1"),
    "declared_names_shadow_builtins": ("def sum(x): return 'mine'", "sum", "assert sum([1]) == 'mine'"),
    "undeclared_names_are_not_bound": ("def f(): pass\ndef g(): pass", "f", "try:\n    g\nexcept NameError:\n    pass\nelse:\n    assert False"),
    "top_level_values": ("LIMIT = 5\nNAMES = ['a']", "LIMIT NAMES", "assert LIMIT == 5 and NAMES == ['a']"),
    "types_as_arguments": ("def f(values, kind): return [v for v in values if isinstance(v, kind)]", "f", "assert f([1, 'a', 2.5], str) == ['a'] and f([1, 'a'], int) == [1]"),
    "types_as_results": ("def f(x): return type(x)", "f", "assert f(1) is int and f([]) is list"),
    "main_guard_is_not_run": ("def f(): return __name__\nif __name__ == '__main__':\n    input()", "f", "assert f() != '__main__'"),
    "prints_do_not_matter": ("print('loading')\ndef f():\n    print('noise' * 99)\n    return 1", "f", "assert f() == 1"),
    "input_is_empty": ("def f():\n    try:\n        return input()\n    except EOFError:\n        return 'nothing'", "f", "assert f() == 'nothing'"),
    "threads_in_a_function": (
        "from concurrent.futures import ThreadPoolExecutor\ndef f():\n    with ThreadPoolExecutor(4) as p:\n        return list(p.map(str, range(3)))",
        "f",
        "assert f() == ['0', '1', '2']",
    ),
    "files_in_a_function": ("def f():\n    with open('f', 'w') as f: f.write('1')\n    with open('f') as f: return f.read()", "f", "assert f() == '1'"),
    "deep_recursion": ("import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)", "f", "assert f(20_000) == 20_000"),
    "usual_recursion": ("def f(n): return 0 if n == 0 else 1 + f(n - 1)", "f", "assert f(990) == 990"),
    "big_values": ("def f(x): return x[::-1]", "f", "x = list(range(100_000))\nassert f(x) == x[::-1]"),
    "nested_values": ("def f(x): return [x]", "f", "x = []\nfor _ in range(150):\n    x = [x]\nassert f(x) == [x]"),
    "several_statements": ("def f(x): return x + 1", "f", "y = f(1)\nz = f(y)\nassert (y, z) == (2, 3)"),
    "helpers_of_the_test": ("def f(x): return x + 1", "f", "def twice(g, x):\n    return g(g(x))\nassert twice(f, 1) == 3"),
    "math_isclose": ("def f(): return 0.1 + 0.2", "f", "import math\nassert math.isclose(f(), 0.3)"),
}


@pytest.mark.parametrize("case", PASSES)
def test_right_programs_pass(examine, case):
    """The test would pass in one process with the program, and passes here."""
    program, names, code = PASSES[case]

    judgement = examine(program, code, names=tuple(names.split()))

    assert (judgement.verdict, judgement.detail) == (Verdict.ACCEPTED, "")


@pytest.mark.parametrize("case", PASSES)
def test_one_process_agrees(case, tmp_path, monkeypatch):
    """The table above is true: program and test, run together without a sandbox, pass."""
    if case == "input_is_empty":
        pytest.skip("reads the standard input of pytest itself")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.setrecursionlimit", lambda _: None)
    program, names, code = PASSES[case]
    if "recursion" in case:
        code = "assert f(100) == 100"  # pytest's own frames come on top
    module = {"__name__": "program"}

    exec(program, module)  # noqa: S102 - our own text
    exec(code, {name: module[name] for name in names.split()})  # noqa: S102 - our own text


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
    "aware_time": ("import datetime as d\ndef f(): return d.datetime.now(d.UTC)", "f", "f()", "runtime_error", "Unencodable: a time with a zone"),
    "two_lines": ("def f(): raise ValueError('a\\nb')", "f", "f()", "runtime_error", "ValueError: a"),
    "odd_message": ("def f(): raise ValueError('\\ud800')", "f", "f()", "runtime_error", "ValueError: "),
    "long_message": ("def f(): raise ValueError('x' * 10**6)", "f", "f()", "runtime_error", "ValueError: xxxx"),
    "exception_without_words": ("class Mine(Exception):\n    def __str__(self): 1 / 0\ndef f(): raise Mine", "f", "f()", "runtime_error", "Mine: "),
    "not_python": ("def f(:", "f", "f()", "compile_error", "SyntaxError: invalid syntax"),
    "memory_error": ("def f(): raise MemoryError", "f", "f()", "memory_limit", "MemoryError"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILS)
def test_wrong_programs_fail(examine, case):
    """Each with its verdict and a detail that begins as given."""
    program, names, code, verdict, detail = FAILS[case]

    judgement = examine(program, code, names=tuple(names.split()))

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
    ["'x' * 10**6", "list(range(10**5))", "[[list(range(30))] * 30] * 30", "10**100_000", "{i: 'x' * 99 for i in range(999)}"],
)
def test_big_answers_are_cut(examine, big):
    """What is shown of an answer stays readable, whatever its size and shape."""
    (outcome,) = examine(f"def f(): return {big}", "assert f() == 1").per_test

    assert 0 < len(outcome.actual) <= 10_000


@pytest.fixture
def call(judge):
    """Return a function that puts a program to one call."""

    def call(program, function, arguments, expected):
        return judge.judge(program, (CallTest(function=function, arguments=arguments, expected=expected),))

    return call


SOLUTION = "class Solution:\n    def __init__(self): self.seen = []\n    def twice(self, x):\n        self.seen.append(x)\n        return x * 2 if len(self.seen) == 1 else None"


@pytest.mark.parametrize(
    ("program", "function"),
    [
        ("def twice(x): return x * 2", "twice"),
        (SOLUTION, "Solution().twice"),
        (SOLUTION, "twice"),
        (SOLUTION + "\ndef twice(x): return 'top'", "Solution().twice"),
        ("class Solution:\n    def twice(self, x): return 'method'\ndef twice(x): return x * 2", "twice"),
        ("twice = lambda x: x * 2", "twice"),
        ("from functools import partial\nfrom operator import mul\ntwice = partial(mul, 2)", "twice"),
    ],
)
def test_a_call_finds_its_function(call, program, function):
    """A top-level name, or a method of a new Solution object, written out or bare; the top level comes first."""
    assert call(program, function, ([1, "a"],), [1, "a", 1, "a"]).verdict is Verdict.ACCEPTED


def test_every_call_gets_a_new_solution(judge):
    """State kept on one Solution object is not seen by the next call."""
    tests = (CallTest(function="twice", arguments=(2,), expected=4),) * 3

    assert judge.judge(SOLUTION, tests).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("program", "function", "missing"),
    [
        ("def g(): pass", "f", "f"),
        ("def g(): pass", "Solution().f", "Solution"),
        ("def f(): pass", "Solution().f", "Solution"),
        ("class Solution: pass", "Solution().f", "f"),
        ("class Solution: pass", "f", "f"),
    ],
)
def test_a_call_of_what_is_not_there_names_it(call, program, function, missing):
    """It's the program's failure, not a wrong answer, and the detail says what it lacks."""
    judgement = call(program, function, (), 1)

    assert (judgement.verdict, f"'{missing}'" in judgement.detail) == (Verdict.RUNTIME_ERROR, True)


def test_a_wrong_call_shows_both_sides(call):
    """The call with its arguments, what was expected, and what came."""
    (outcome,) = call("def f(a, b): return a + b", "f", ([1], ["x"]), [1]).per_test

    assert (outcome.detail, outcome.expected, outcome.actual) == ("f([1], ['x'])", "[1]", "[1, 'x']")


@pytest.mark.parametrize(
    ("expected", "returned"), [([1, 2], "(1, 2)"), (1, "'1'"), ({1}, "[1]"), (None, "0"), (0.3, "0.1 + 0.2")]
)
def test_a_call_compares_strictly(call, expected, returned):
    """What `==` does not hold for equal is a wrong answer."""
    assert call(f"def f(): return {returned}", "f", (), expected).verdict is Verdict.WRONG_ANSWER


def test_a_call_is_judged_by_its_result_alone(call):
    """Changing its argument does not hurt a call, and can't help it."""
    assert call("def f(x):\n    x.append(9)\n    return 1", "f", ([1],), 1).verdict is Verdict.ACCEPTED


def test_state_is_kept_between_the_tests_of_a_program(examine):
    """The program is loaded once: what one test did, the next one sees."""
    program = "n = 0\ndef f():\n    global n\n    n += 1\n    return n"

    assert examine(program, "assert f() == 1", "assert f() == 2", "assert f() == 3").verdict is Verdict.ACCEPTED


def test_state_is_not_kept_between_programs(examine):
    """The next program starts anew, even the same one."""
    program = "import math\nn = getattr(math, 'n', 0)\ndef f():\n    math.n = 5\n    return n"

    verdicts = [examine(program, "assert f() == 0").verdict for _ in range(2)]

    assert verdicts == [Verdict.ACCEPTED] * 2


def test_each_test_has_names_of_its_own(examine):
    """What one test assigns, the next one does not see; the setup runs for each."""
    code = "try:\n    left\nexcept NameError:\n    left = f()\nassert left == one"

    assert examine("def f(): return 1", code, code, setup="one = 1").verdict is Verdict.ACCEPTED


def test_the_first_failure_stops(examine):
    """Of three tests the second fails, so the third is not run."""
    judgement = examine("def f(x): return x", *(f"assert f({n}) != 1" for n in range(3)))

    assert [outcome.verdict for outcome in judgement.per_test] == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER]


LEAVES = {
    "os_exit": "os._exit(0)",
    "kill": "os.kill(os.getpid(), 9)",
    "segfault": "ctypes.string_at(0)",
    "close_everything": "os.closerange(3, 99)",
    "loop": "[0 for _ in iter(int, 1)]",
    "sleep": "time.sleep(60)",
}


@pytest.mark.parametrize("way", LEAVES)
def test_exhaustive_mode_judges_every_test(examine, way):
    """The program leaves in test 0, is wrong in test 1 and right in tests 2 and 3: each is judged."""
    program = f"import os, time, ctypes\ndef f(x):\n    if x == 0:\n        {LEAVES[way]}\n    return x"

    judgement = examine(
        program, *(f"assert f({n}) != 1" for n in range(4)), exhaustive=True, cpu_s=0.3, wall_s=0.6
    )  # fmt: skip

    assert [outcome.verdict.value for outcome in judgement.per_test] == [
        "time_limit" if way in ("loop", "sleep") else "runtime_error", "wrong_answer", "accepted", "accepted",
    ]  # fmt: skip


def test_exhaustive_mode_judges_every_test_of_a_program_that_does_not_load(examine):
    """Every test fails in the same way."""
    judgement = examine("1 / 0", *["assert f() == 1"] * 3, exhaustive=True)

    assert [outcome.verdict for outcome in judgement.per_test] == [Verdict.RUNTIME_ERROR] * 3


def test_exhaustive_mode_judges_every_test_of_a_program_that_ends_as_it_loads(examine):
    """Every test fails in the same way, though nobody is there to answer the second."""
    judgement = examine("import os; os._exit(0)", *["assert f() == 1"] * 3, exhaustive=True)

    assert [outcome.verdict for outcome in judgement.per_test] == [Verdict.RUNTIME_ERROR] * 3


def test_tests_of_all_kinds_are_judged_in_their_order(judge):
    """Stdio, call and assert tests may be mixed; every outcome stands at its test's place."""
    program = "def f(x): return x\nif __name__ == '__main__':\n    print(f(input()))"
    tests = (
        StdioTest(stdin="a", expected_stdout="a"),
        CallTest(function="f", arguments=(1,), expected=2),
        StdioTest(stdin="b", expected_stdout="c"),
        AssertTest(code="assert f(1) == 1", names=("f",)),
        CallTest(function="g", arguments=(), expected=2),
    )

    judgement = judge.judge(program, tests, exhaustive=True)

    assert [outcome.verdict.value for outcome in judgement.per_test] == [
        "accepted", "wrong_answer", "wrong_answer", "accepted", "runtime_error",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("assert f(lambda x: x)", "function"),
        ("assert f([len])", "builtin_function_or_method"),
        ("assert f(iter([1]))", "list_iterator"),
        ("class Mine: pass\nassert f(Mine())", "Mine"),
        ("assert (", "SyntaxError"),
    ],
)
def test_what_a_test_of_ours_cannot_do_is_no_fault_of_the_program(examine, code, words):
    """A test that can't be put to any program is a fault of ours, and says what is wrong with it."""
    judgement = examine("def f(x): return 1", code)

    assert (judgement.verdict, words in judgement.detail) == (Verdict.SANDBOX_ERROR, True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"arguments": (len,)}, "builtin_function"), ({"expected": len}, "builtin_function"), ({"checker": "nosuch"}, "nosuch")],
)
def test_a_call_that_cannot_be_made_is_no_fault_of_the_program(judge, fields, words):
    """What has no plain form and a checker that nobody knows are faults of ours, and named."""
    test = msgspec.structs.replace(CallTest(function="f", arguments=(1,), expected=1), **fields)

    judgement = judge.judge("def f(*_): return 1", (test,))

    assert (judgement.verdict, words in judgement.detail) == (Verdict.SANDBOX_ERROR, True)


def test_no_tests_are_the_callers_mistake(judge):
    """Nothing is accepted for want of evidence."""
    with pytest.raises(ValueError, match="without tests"):
        judge.judge("print(1)", ())


def test_arguments_may_be_longer_than_an_answer(examine):
    """The output limit bounds what the program says, not what our test asks: 100 kB of arguments, 10 kB of answers."""
    judgement = examine("def f(x): return len(x)", "assert f('x' * 100_000) == 100_000", output_bytes=10_000)

    assert judgement.verdict is Verdict.ACCEPTED


def test_an_argument_deeper_than_values_go_is_no_fault_of_the_program(examine):
    """A test of ours that nests a list 1,000 times asks for more than the codec carries."""
    judgement = examine("def f(x): return 1", "x = []\nfor _ in range(1000):\n    x = [x]\nassert f(x) == 1")

    assert judgement.verdict is Verdict.SANDBOX_ERROR


def test_the_time_of_each_test_is_its_own(examine):
    """Three tests of 0.2 s each pass under a limit of 0.4 s, and the first is charged with loading."""
    burn = "import time\ndef f(s):\n    end = time.process_time() + s\n    while time.process_time() < end: pass\n"

    judgement = examine(burn, *["f(0.2)"] * 3, cpu_s=0.4)

    assert judgement.verdict is Verdict.ACCEPTED
    assert all(0.19 < outcome.cpu_s < 0.4 for outcome in judgement.per_test)


def test_one_examiner_serves_many_programs(judge):
    """Right, wrong, crashing and hostile programs one after the other, all under the same tests."""
    tests = (AssertTest(code="assert f() == [1]", names=("f",)),)
    programs = {
        "def f(): return [1]": "accepted", "def f(): return [2]": "wrong_answer", "def f(): 1 / 0": "runtime_error",
        "import os\ndef f(): os._exit(0)": "runtime_error", "def f(:": "compile_error",
        "def f():\n    while True: pass": "time_limit", "def f(): return 'x' * 10**7": "output_limit",
    }  # fmt: skip
    limits = Limits(cpu_s=0.2, output_bytes=1 << 20)

    verdicts = {program: judge.judge(program, tests, limits).verdict.value for program in [*programs] * 3}

    assert verdicts == programs


def test_judging_without_namespaces_agrees(bare_judge):
    """The tables above hold where the host gives no namespaces."""
    found = {
        case: bare_judge.judge(program, (AssertTest(code=code, names=tuple(names.split())),)).verdict.value
        for case, (program, names, code, *_) in (PASSES | FAILS).items()
    }

    assert found == dict.fromkeys(PASSES, "accepted") | {case: row[3] for case, row in FAILS.items()}


def test_a_judge_can_be_used_after_a_fault(judge):
    """A sandbox_error costs fresh zygotes, nothing more."""
    with Judge(judge._jail) as used:  # noqa: SLF001 - the same jail
        fault = used.judge("def f(x): pass", (AssertTest(code="f(lambda: 0)", names=("f",)),))
        after = used.judge("def f(): return 1", (AssertTest(code="assert f() == 1", names=("f",)),))

    assert (fault.verdict, after.verdict) == (Verdict.SANDBOX_ERROR, Verdict.ACCEPTED)
