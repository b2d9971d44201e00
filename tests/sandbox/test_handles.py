"""Objects of the program's own classes, and values with names: what a test can do with them, and what can't be forged."""

import re

import pytest

from sandbox.records import CallTest, Verdict

VECTOR = """
class V:
    def __init__(self, x, y): self.x, self.y = x, y
    def __add__(self, other): return V(self.x + other.x, self.y + other.y)
    def __sub__(self, other): return V(self.x - other.x, self.y - other.y)
    def __mul__(self, other): return self.x * other.x + self.y * other.y
    def __matmul__(self, other): return self.x * other.y - self.y * other.x
    def __pow__(self, other): return V(self.x ** other.x, self.y ** other.y)
    def __and__(self, other): return {self.x, self.y} & {other.x, other.y}
    def __neg__(self): return V(-self.x, -self.y)
    def __pos__(self): return self
    def __invert__(self): return V(self.y, self.x)
    def __abs__(self): return (self.x ** 2 + self.y ** 2) ** 0.5
    def __int__(self): return self.x
    def __float__(self): return self.x / 2
    def __str__(self): return f'({self.x}, {self.y})'
    def __repr__(self): return f'V({self.x}, {self.y})'
"""
SHELF = """
class S:
    def __init__(self): self.items, self.log = {}, []
    def __getitem__(self, key): return self.items[key]
    def __setitem__(self, key, value): self.items[key] = value
    def __delitem__(self, key): del self.items[key]
    def __enter__(self):
        self.log.append('in')
        return self
    def __exit__(self, *_): self.log.append('out')
"""
PASSES = {
    # the program, the names, the test
    "sum": (VECTOR, "V", "s = V(1, 2) + V(3, 4)\nassert (s.x, s.y) == (4, 6)"),
    "difference": (VECTOR, "V", "d = V(1, 2) - V(3, 5)\nassert (d.x, d.y) == (-2, -3)"),
    "products": (VECTOR, "V", "assert (V(1, 2) * V(3, 4), V(1, 2) @ V(3, 4)) == (11, -2)"),
    "power": (VECTOR, "V", "assert (V(2, 3) ** V(3, 2)).x == 8"),
    "and": (VECTOR, "V", "assert V(2, 3) & V(3, 2) == {2, 3}"),
    "assigned_sum": (VECTOR, "V", "s = V(1, 2)\ns += V(3, 4)\nassert s.y == 6"),
    "signs": (VECTOR, "V", "v = V(1, 2)\nassert (-v).x == -1 and +v is v and (~v).x == 2"),
    "absolute": (VECTOR, "V", "assert abs(V(3, 4)) == 5.0"),
    "numbers": (VECTOR, "V", "assert int(V(3, 4)) == 3 and float(V(3, 4)) == 1.5"),
    "texts": (VECTOR, "V", "v = V(1, 2)\nassert (str(v), repr(v), f'{v!r}') == ('(1, 2)', 'V(1, 2)', 'V(1, 2)')"),
    "texts_in_a_list": (VECTOR, "V", "assert repr([V(1, 2)]) == '[V(1, 2)]'"),
    "items": (SHELF, "S", "s = S()\ns['a'] = [1]\ns['b'] = 2\ndel s['b']\nassert s['a'] == [1] and s.items == {'a': [1]}"),
    "missing_item": (SHELF, "S", "try:\n    del S()[0]\n    assert False\nexcept KeyError:\n    pass"),
    "context": (SHELF, "S", "s = S()\nwith s as entered:\n    assert s.log == ['in'] and entered is s\nassert s.log == ['in', 'out']"),
    "context_left_by_an_error": (
        SHELF, "S", "s = S()\ntry:\n    with s:\n        s['none']\nexcept KeyError:\n    pass\nassert s.log == ['in', 'out']",
    ),
    "named_tuple": (
        "import collections\nP = collections.namedtuple('P', 'x y')\ndef f(): return [P(1, [2])]", "f",
        "(p,) = f()\nassert (p.x, p.y, p[0]) == (1, [2], 1) and p == (1, [2]) and isinstance(p, tuple)\n"
        "assert p._asdict() == {'x': 1, 'y': [2]} and repr(p) == 'P(x=1, y=[2])' and p._replace(x=3) == (3, [2])",
    ),
    "typed_named_tuple": (
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: str = 'a'\ndef f(): return P(1)", "f",
        "assert (f().x, f().y) == (1, 'a')",
    ),
    "named_tuple_goes_back": (
        "import collections\nP = collections.namedtuple('P', 'x y')\ndef f(n): return P(n, [n])\ndef g(p):\n    p.y.append(p.x)\n    return p",
        "f g", "p = f(1)\nassert g(p) == (1, [1, 1]) and p.y == [1, 1] and type(g(p)) is type(p)",
    ),
    "named_tuple_of_the_test": (
        "def f(p): return p.x + p.y", "f", "import collections\nP = collections.namedtuple('P', 'x y')\nassert f(P(1, 2)) == 3",
    ),
    "named_tuple_of_objects": (
        f"{VECTOR}\nimport collections\nP = collections.namedtuple('P', 'v')\ndef f(): return P(V(1, 2))", "f", "assert f().v.x == 1",
    ),
    "number_with_a_name": (
        "import enum\nclass C(enum.IntEnum):\n    RED = 3\ndef f(): return C.RED", "f",
        "c = f()\nassert c == 3 and (c.name, c.value, str(c)) == ('RED', 3, '3') and c + 1 == 4 and {3: 'a'}[c] == 'a'",
    ),
    "text_with_a_name": (
        "import enum\nclass C(str, enum.Enum):\n    RED = 'r'\ndef f(): return C.RED", "f",
        "c = f()\nassert c == 'r' and (c.name, c.value, str(c)) == ('RED', 'r', 'C.RED') and c.upper() == 'R'",
    ),
    "plain_enumeration": (
        "import enum\nclass C(enum.Enum):\n    RED = [1]\ndef f(): return C.RED", "f C",
        "assert f() == C.RED and f() is f() and (f().name, f().value) == ('RED', [1])",
    ),
    "same_argument_twice": ("def f(a, b):\n    a.append(1)\n    return a is b and len(b)", "f", "x = []\nassert f(x, x) == 1 and x == [1]"),
    "same_argument_by_name": (
        "def f(a, *, b, c):\n    b.append(1)\n    return (a is b, a is c)", "f", "x, y = [], []\nassert f(x, b=x, c=y) == (True, False) and (x, y) == ([1], [])",
    ),
    "same_number_twice": ("def f(a, b): return a + b", "f", "assert f(2, 2) == 4 and f('a', 'a') == 'aa'"),
    "equal_arguments_stay_two": ("def f(a, b):\n    a.append(1)\n    return a is b", "f", "x, y = [0], [0]\nassert f(x, y) is False and (x, y) == ([0, 1], [0])"),
}  # fmt: skip


@pytest.mark.parametrize("case", PASSES)
def test_right_programs_pass(examine, case):
    """The test would pass in one process with the program, and passes here."""
    program, names, code = PASSES[case]

    judgement = examine(program, code, names=tuple(names.split()))

    assert (judgement.verdict, judgement.detail) == (Verdict.ACCEPTED, "")


@pytest.mark.parametrize("case", PASSES)
def test_one_process_agrees(case):
    """The table above is true: program and test, run together without a sandbox, pass."""
    program, names, code = PASSES[case]
    module = {"__name__": "program"}

    exec(program, module)  # noqa: S102 - our own text
    exec(code, {name: module[name] for name in names.split()})  # noqa: S102 - our own text


OBLIGING = """
class A:
    x = 1
    def yes(self, *_): return True
    def zero(self, *_): return 0
    __lt__ = __gt__ = __le__ = __ge__ = __eq__ = __contains__ = __exit__ = yes
    __ne__ = lambda *_: False
    __add__ = __radd__ = __sub__ = __rsub__ = __mod__ = __xor__ = __round__ = zero
    def __enter__(self): return 2
    def __float__(self): return 0.0
    def __getitem__(self, key): raise IndexError
def f(): return A()
"""
"""An object that agrees to whatever it is asked."""
FORGED = {
    "difference": "assert abs(f() - 3) < 1e-9",
    "difference_the_other_way": "assert abs(3 - f()) < 1e-9",
    "remainder": "assert f() % 3 == 0",
    "exclusive_or": "assert f() ^ 3 == 0",
    "sum": "assert sum([f()]) == 0",
    "rounded": "assert round(f() - 3, 6) == 0",
    "close": "import math\nassert math.isclose(f(), 3)",
    "less": "assert f() < 3",
    "between": "assert 2 <= f() <= 4",
    "largest": "assert max(f(), 3) == 3",
    "sorted": "assert sorted([3, f()]) == [3, f()]",
    "between_two_of_its_own": "assert f() < f()",
    "contained": "assert 3 in f()",
    "equal": "assert f() == 3",
    "unequal": "assert not f() != 3",
    "swallows_the_assertion": "with f() as x:\n    assert x == 3",
}


@pytest.mark.parametrize("case", FORGED)
def test_an_obliging_object_is_wrong(examine, case):
    """It can't answer what the test asks of its right value, because it is not asked."""
    assert examine(OBLIGING, FORGED[case]).verdict is Verdict.WRONG_ANSWER


def test_what_is_expected_is_not_shown_to_an_object(examine):
    """Neither operator, comparison nor search tells it the other side."""
    program = """
seen = []
class A:
    def note(self, other):
        seen.append(other)
        return 0
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __mod__ = __pow__ = __xor__ = note
    __lt__ = __gt__ = __le__ = __ge__ = __eq__ = __ne__ = __contains__ = __matmul__ = __rmod__ = note
def f(): return A()
def told(): return seen
"""
    uses = [f"f() {sign} 42" for sign in "+ - * / % ** ^ @ < > <= >= == != in".split()]
    uses += [f"42 {sign} f()" for sign in "+ - * / % ** ^ @ < > <= >= == != in".split()]

    judgement = examine(program, *uses, "assert told() == []", names=("f", "told"), exhaustive=True)

    assert judgement.per_test[-1].verdict is Verdict.ACCEPTED


def test_an_object_is_not_asked_for_what_python_looks_up_by_itself(examine):
    """Such as the pointer by which numpy would read the examiner's memory."""
    program = """
seen = []
class A:
    def __getattr__(self, name): seen.append(name)
def f(): return A()
def told(): return seen
"""
    code = (
        "a = f()\nassert [getattr(a, name, 1) for name in ('__array_interface__', '__wrapped__', 'x')] == [1, 1, None]"
    )

    assert examine(program, code + "\nassert told() == ['x']", names=("f", "told")).verdict is Verdict.ACCEPTED


LYING = {
    # the program, the test
    "named_tuple_with_a_property": ("class P(tuple):\n    _fields = ('x',)\n    x = property(lambda self: 7)\ndef f(): return P((1,))", "assert f().x == 7"),
    "named_tuple_equal_to_all": (
        "import collections\nclass P(collections.namedtuple('P', 'x')):\n    def __eq__(self, _): return True\ndef f(): return P(1)", "assert f() == (2,)",
    ),
    "named_tuple_with_a_comparison": ("class P(tuple):\n    _fields = ('__eq__',)\ndef f(): return P((lambda *_: True,))", "assert f() == (2,)"),
    "named_tuple_that_counts": (
        "import collections\nP = collections.namedtuple('P', 'count index')\ndef f(): return P(lambda _: 9, 1)", "assert f().count(3) == 9",
    ),
    "number_equal_to_all": (
        "import enum\nclass C(enum.IntEnum):\n    RED = 3\n    def __eq__(self, _): return True\n    __hash__ = int.__hash__\ndef f(): return C.RED", "assert f() == 4",
    ),
    "text_equal_to_all": (
        "import enum\nclass C(str, enum.Enum):\n    RED = 'r'\n    def __eq__(self, _): return True\n    __hash__ = str.__hash__\ndef f(): return C.RED", "assert f() == 'g'",
    ),
    "number_with_another_value": (
        "import enum\nclass C(enum.IntEnum):\n    RED = 3\nC.RED._value_ = 4\ndef f(): return C.RED", "assert f().value == 4 and f() == 4",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LYING)
def test_names_can_not_be_used_to_lie(examine, case):
    """Names lead to the very parts of the tuple, number or text that is compared."""
    program, code = LYING[case]

    assert examine(program, code).verdict is Verdict.WRONG_ANSWER


@pytest.mark.parametrize("text", ["str", "repr"])
@pytest.mark.parametrize(
    "deed", ["raise SystemExit(0)", "raise KeyboardInterrupt", "import os; os._exit(0)", "while True: pass"]
)
@pytest.mark.parametrize("code", ["assert f() == 1", "assert f() == 1, f()", "raise ValueError([f()])"])
def test_showing_a_failure_does_not_run_the_program(examine, text, deed, code):
    """An object's text is not asked for: it might take for ever, or an end that looks like a fault of ours."""
    program = f"class A:\n    def __{text}__(self):\n        {deed}\ndef f(): return A()"

    (outcome,) = examine(program, code).per_test

    assert outcome.verdict is Verdict.WRONG_ANSWER
    assert re.fullmatch("<object [12] of the program>", outcome.actual)


def test_the_text_of_an_object_is_asked_for_again_after_a_failure(examine):
    """In the next test, where failures don't stop."""
    program = "class A:\n    def __repr__(self): return 'A()'\ndef f(): return A()"

    judgement = examine(program, "assert f() == 1", "assert repr(f()) == 'A()'", exhaustive=True)

    assert [outcome.verdict for outcome in judgement.per_test] == [Verdict.WRONG_ANSWER, Verdict.ACCEPTED]


def test_an_object_where_a_call_expects_a_value_is_named(judge):
    """The checker says no, and shows the object by its number."""
    (outcome,) = judge.judge(OBLIGING, (CallTest(function="f", arguments=(), expected=3),)).per_test

    assert (outcome.verdict, outcome.actual) == (Verdict.WRONG_ANSWER, "<object 1 of the program>")
