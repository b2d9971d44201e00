"""Right programs under tests that call their functions: what crosses between the two, and in which form."""

import pytest

from sandbox.records import AssertTest, Verdict

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
    "dict_reordered": (
        "def f(x):\n    x['a'] = x.pop('a')",
        "f",
        "x = dict(a=1, b=2)\nf(x)\nassert list(x) == ['b', 'a']",
    ),
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
    "attributes_are_read": (
        "class A:\n    x = 1\n    def __init__(self): self.y = [2]",
        "A",
        "a = A()\nassert a.x == 1 and a.y == [2]",
    ),
    "attributes_are_set": (
        "class A:\n    x = 1\n    def get(self): return self.x",
        "A",
        "a = A()\na.x = 5\nassert a.x == 5 and a.get() == 5 and A().x == 1",
    ),
    "class_attributes_are_set": ("class A:\n    x = 1\ndef f(): return A.x", "A f", "A.x = 2\nassert f() == 2"),
    "methods": (
        "class A:\n    def __init__(self, n): self.n = n\n    def f(self, k): return self.n * k",
        "A",
        "assert A(6).f(7) == 42",
    ),
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
    "objects_in_containers": (
        "class A: pass\ndef f(pair): return pair[0] is pair[1]",
        "A f",
        "a = A()\nassert f([a, a]) and not f([a, A()])",
    ),
    "objects_as_results": (
        "class Node:\n    def __init__(self, v, left=None): self.v, self.left = v, left\ndef f(): return Node(1, Node(2))",
        "f",
        "assert f().left.v == 2 and f().left.left is None",
    ),
    "identity": (
        "class A: pass\na = A()\ndef f(): return a",
        "a f A",
        "assert f() is f() is a and A() is not A() and a == a",
    ),
    "identity_through_a_list": (
        "class A: pass\na = A()\ndef f(): return [a, a]",
        "f a",
        "assert f()[0] is f()[1] is a",
    ),
    "objects_as_keys": (
        "class A: pass\na = A()\ndef f(): return {a: 1}",
        "f a",
        "assert f()[a] == 1 and {a: 2}[f().popitem()[0]] == 2",
    ),
    "isinstance": (
        "class A: pass\nclass B(A): pass",
        "A B",
        "assert isinstance(B(), A) and not isinstance(A(), B) and not isinstance(1, A)",
    ),
    "truth": ("class A: pass\ndef f(): return A()", "f", "assert f()"),
    "str": ("class A:\n    def __str__(self): return 'me'", "A", "assert str(A()) == 'me' and f'{A()}' == 'me'"),
    "len_and_items": (
        "class A:\n    def __len__(self): return 3\n    def __getitem__(self, i): return [5, 6, 7][i]",
        "A",
        "a = A()\nassert len(a) == 3 and a[1] == 6 and a[-1] == 7 and list(a) == [5, 6, 7]",
    ),
    "iteration": (
        "class A:\n    def __iter__(self): return iter((1, 2))",
        "A",
        "assert list(A()) == [1, 2] and 2 in A()",
    ),
    "callable_objects": ("class A:\n    def __call__(self, x): return x + 1", "A", "assert A()(1) == 2"),
    "hasattr_and_getattr": (
        "class A:\n    x = 1",
        "A",
        "assert hasattr(A(), 'x') and not hasattr(A(), 'y') and getattr(A, 'y', 5) == 5",
    ),
    "functions_as_results": ("def f(n): return lambda x: x + n", "f", "assert f(2)(3) == 5"),
    "functions_as_arguments": ("def f(g, x): return g(g(x))\ndef g(x): return x * 3", "f g", "assert f(g, 1) == 9"),
    "decorated": (
        "from functools import lru_cache\n@lru_cache\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)",
        "f",
        "assert f(50) == 12586269025",
    ),
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
    "endless_generator": (
        "def f():\n    n = 0\n    while True:\n        yield n\n        n += 1",
        "f",
        "g = f()\nassert [next(g) for _ in range(3)] == [0, 1, 2]",
    ),
    "generator_is_exhausted": (
        "def f():\n    yield 1",
        "f",
        "g = f()\nassert next(g) == 1 and next(g, None) is None and list(g) == []",
    ),
    "generator_send": ("def f():\n    x = yield 1\n    yield x", "f", "g = f()\nnext(g)\nassert g.send(5) == 5"),
    "map": ("def f(x): return map(str, x)", "f", "assert list(f([1, 2])) == ['1', '2']"),
    "zip": ("def f(x): return zip(x, x)", "f", "assert dict(f('ab')) == {'a': 'a', 'b': 'b'}"),
    "filter": ("def f(x): return filter(None, x)", "f", "assert set(f([0, 1])) == {1}"),
    "reversed": ("def f(x): return reversed(x)", "f", "assert tuple(f([1, 2])) == (2, 1)"),
    "range": (
        "def f(n): return range(n)",
        "f",
        "assert f(3) == range(3) and list(f(2)) == [0, 1] and 2**70 in f(2**71)",
    ),
    "dict_views": (
        "def f(d): return d.keys(), d.values(), d.items()",
        "f",
        "k, v, i = f({1: 2})\nassert [*k] == [1] and [*v] == [2] and [*i] == [(1, 2)] and len(k) == 1",
    ),
    "dict_view_sorted": ("def f(d): return d.items()", "f", "assert sorted(f({2: 1, 1: 2})) == [(1, 2), (2, 1)]"),
    # exceptions that the test expects
    "expected_exception": (
        "def f(): raise ValueError('no')",
        "f",
        "try:\n    f()\nexcept ValueError:\n    pass\nelse:\n    assert False",
    ),
    "expected_base_exception": (
        "def f(): {}[1]",
        "f",
        "try:\n    f()\nexcept LookupError:\n    pass\nelse:\n    assert False",
    ),
    "own_exception_by_its_base": (
        "class Mine(ValueError): pass\ndef f(): raise Mine(1, 2)",
        "f",
        "try:\n    f()\nexcept ValueError:\n    pass\nelse:\n    assert False",
    ),
    "exception_message": (
        "def f(): raise ValueError('no')",
        "f",
        "try:\n    f()\nexcept ValueError as error:\n    assert str(error) == 'no'\nelse:\n    assert False",
    ),
    "exception_in_iteration": (
        "def f():\n    yield 1\n    raise KeyError(2)",
        "f",
        "try:\n    list(f())\nexcept KeyError:\n    pass\nelse:\n    assert False",
    ),
    "exception_in_with": (
        "def f(): raise TypeError",
        "f",
        "import contextlib\nwith contextlib.suppress(TypeError):\n    f()\n    assert False",
    ),
    # what is the test's and what is the program's
    "builtins_are_the_tests_own": (
        "def set(x): return 7\nabs = sum = len\ndef f(): return [1, 1]",
        "f",
        "assert set(f()) == {1} and abs(-1) == 1",
    ),
    "declared_names_shadow_builtins": ("def sum(x): return 'mine'", "sum", "assert sum([1]) == 'mine'"),
    "undeclared_names_are_not_bound": (
        "def f(): pass\ndef g(): pass",
        "f",
        "try:\n    g\nexcept NameError:\n    pass\nelse:\n    assert False",
    ),
    "top_level_values": ("LIMIT = 5\nNAMES = ['a']", "LIMIT NAMES", "assert LIMIT == 5 and NAMES == ['a']"),
    "types_as_arguments": (
        "def f(values, kind): return [v for v in values if isinstance(v, kind)]",
        "f",
        "assert f([1, 'a', 2.5], str) == ['a'] and f([1, 'a'], int) == [1]",
    ),
    "types_as_results": ("def f(x): return type(x)", "f", "assert f(1) is int and f([]) is list"),
    "main_guard_is_not_run": (
        "def f(): return __name__\nif __name__ == '__main__':\n    input()",
        "f",
        "assert f() != '__main__'",
    ),
    "prints_do_not_matter": (
        "print('loading')\ndef f():\n    print('noise' * 99)\n    return 1",
        "f",
        "assert f() == 1",
    ),
    "input_is_empty": (
        "def f():\n    try:\n        return input()\n    except EOFError:\n        return 'nothing'",
        "f",
        "assert f() == 'nothing'",
    ),
    "threads_in_a_function": (
        "from concurrent.futures import ThreadPoolExecutor\ndef f():\n    with ThreadPoolExecutor(4) as p:\n        return list(p.map(str, range(3)))",
        "f",
        "assert f() == ['0', '1', '2']",
    ),
    "files_in_a_function": (
        "def f():\n    with open('f', 'w') as f: f.write('1')\n    with open('f') as f: return f.read()",
        "f",
        "assert f() == '1'",
    ),
    "deep_recursion": (
        "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)",
        "f",
        "assert f(20_000) == 20_000",
    ),
    "usual_recursion": ("def f(n): return 0 if n == 0 else 1 + f(n - 1)", "f", "assert f(990) == 990"),
    "big_values": ("def f(x): return x[::-1]", "f", "x = list(range(100_000))\nassert f(x) == x[::-1]"),
    "nested_values": ("def f(x): return [x]", "f", "x = []\nfor _ in range(90):\n    x = [x]\nassert f(x) == [x]"),
    "several_statements": ("def f(x): return x + 1", "f", "y = f(1)\nz = f(y)\nassert (y, z) == (2, 3)"),
    "helpers_of_the_test": (
        "def f(x): return x + 1",
        "f",
        "def twice(g, x):\n    return g(g(x))\nassert twice(f, 1) == 3",
    ),
    "math_isclose": ("def f(): return 0.1 + 0.2", "f", "import math\nassert math.isclose(f(), 0.3)"),
}


@pytest.mark.parametrize("case", PASSES)
def test_right_programs_pass(any_judge, case):
    """The test would pass in one process with the program, and passes here, with namespaces and without."""
    program, names, code = PASSES[case]

    judgement = any_judge.judge(program, (AssertTest(code=code, names=tuple(names.split())),))

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
