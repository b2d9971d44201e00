"""Honest but unusual programs: what plain Python accepts is accepted."""

import pytest

from sandbox.records import AssertTest

OWN_ERROR = "class Mine(ValueError):\n    def __init__(self, code):\n        super().__init__(f'code {code}')\n        self.code = code\nclass Other(Exception): pass\nclass Finer(Mine): pass\n"

ACCEPTED = {
    # names, program, test
    "catches_own_exception": ("f Mine", OWN_ERROR + "def f(): raise Mine(3)", "try:\n    f()\n    raise SystemError\nexcept Mine as e:\n    assert e.code == 3 and str(e) == 'code 3'"),
    "catches_a_subclass": ("f Mine", OWN_ERROR + "def f(): raise Finer(4)", "try:\n    f()\n    raise SystemError\nexcept Mine as e:\n    assert e.code == 4"),
    "catches_by_the_builtin_base": ("f", OWN_ERROR + "def f(): raise Mine(3)", "try:\n    f()\n    raise SystemError\nexcept ValueError as e:\n    assert str(e) == 'code 3'"),
    "catches_one_of_several": ("f Mine Other", OWN_ERROR + "def f(): raise Other('x')", "try:\n    f()\n    raise SystemError\nexcept (Mine, Other) as e:\n    assert e.args == ('x',)"),
    "makes_an_exception": ("Mine", OWN_ERROR, "e = Mine(5)\nassert e.code == 5 and isinstance(e, ValueError) and issubclass(Mine, ValueError)"),
    "raises_it_itself": ("Mine", OWN_ERROR, "try:\n    raise Mine(6)\nexcept Mine as e:\n    assert e.code == 6"),
    "gives_it_back": ("f g Mine", OWN_ERROR + "def f(): return Mine(7)\ndef g(e): return e.code", "assert g(f()) == 7"),
    "unittest_raises": ("f Mine", OWN_ERROR + "def f(n): raise Mine(n)", "import unittest\nunittest.TestCase().assertRaises(Mine, f, 1)"),
    "library_exception": ("f", "import json\ndef f(): return json.loads('{')", "import json\ntry:\n    f()\n    raise SystemError\nexcept json.JSONDecodeError:\n    pass"),
    "library_exception_that_the_test_does_not_know": ("f", "import zipfile\ndef f(): raise zipfile.BadZipFile('no')", "try:\n    f()\n    raise SystemError\nexcept Exception as e:\n    assert (type(e).__name__, str(e)) == ('BadZipFile', 'no')"),
    "arguments_of_a_builtin_exception": ("f", "def f(): raise KeyError('k', 2)", "try:\n    f()\nexcept KeyError as e:\n    assert e.args == ('k', 2)"),
    "arguments_of_a_long_exception": ("f", "def f(): raise ValueError('x' * 5000, 2)", "try:\n    f()\n    raise SystemError\nexcept ValueError as e:\n    assert len(e.args) == 1 and len(e.args[0]) == 1000"),
    "exception_that_cannot_be_shown": ("f", "class Mine(ValueError):\n    def __str__(self): return 1 / 0\ndef f(): raise Mine(3)", "try:\n    f()\n    raise SystemError\nexcept ValueError as e:\n    assert e.args == (3,) and str(e) == ''"),
    "error_behind_many_values": ("f", "def f():\n    yield from range(100)\n    raise KeyError(2)", "seen = []\ntry:\n    for x in f(): seen.append(x)\n    raise SystemError\nexcept KeyError:\n    assert seen == list(range(100))"),
    "runs_a_coroutine": ("f", "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x * 2", "import asyncio\nassert asyncio.run(f(2)) == 4"),
    "gathers_coroutines": ("f", "async def f(x): return x * 2", "import asyncio\nasync def main(): return await asyncio.gather(f(1), f(2))\nassert asyncio.run(main()) == [2, 4]"),
    "asynchronous_generator": ("f", "async def f(n):\n    for i in range(n): yield i", "import asyncio\nasync def main(): return [x async for x in f(3)]\nassert asyncio.run(main()) == [0, 1, 2]"),
    "coroutine_that_raises": ("f", "async def f(): raise ValueError('no')", "import asyncio\ntry:\n    asyncio.run(f())\n    raise SystemError\nexcept ValueError as e:\n    assert str(e) == 'no'"),
    "coroutine_that_never_begins": ("f told", "ran = []\nasync def f(): ran.append(1)\ndef told(): return ran", "f().close()\ntry:\n    f().throw(KeyError('k'))\n    raise SystemError\nexcept KeyError as e:\n    assert e.args == ('k',) and told() == []"),
    "copies": ("f", "class N:\n    def __init__(self, v): self.v = v\n    def add(self): self.v.append(4)\ndef f(v): return N([v])", "import copy\na = f(3)\nb, c = copy.deepcopy(a), copy.copy(a)\na.add()\nassert b.v == [3] and c.v == [3, 4] and a is not b and a is not c"),
    "keys": ("f", "def f(d): return d.keys()", "assert f({'a': 1, 'b': 2}) == {'a', 'b'} and 'a' in f({'a': 1}) and sorted(f({'b': 1, 'a': 2})) == ['a', 'b']"),
    "items": ("f", "def f(d): return d.items()", "assert f({'a': [1]}) == {'a': [1]}.items() and list(f({'a': 1})) == [('a', 1)]"),
    "values": ("f", "def f(d): return d.values()", "assert list(f({'a': 1})) == [1] and sum(f({'a': 1, 'b': 2})) == 3"),
    "ordered_keys": ("f", "import collections\ndef f(): return collections.OrderedDict(b=1, a=2).keys()", "assert list(f()) == ['b', 'a']"),
    "mapping_proxy": ("f", "import types\ndef f(d): return types.MappingProxyType(d)", "assert f({'a': 1}) == {'a': 1}"),
    "user_list": ("f", "import collections\nclass L(collections.UserList): pass\ndef f(x): return L(x)", "assert f([1]) == [1] and f([1]).data == [1]"),
    "user_dict": ("f", "import collections\ndef f(x): return collections.UserDict(x)", "assert f({'a': 1}) == {'a': 1}"),
    "user_string": ("f", "import collections\ndef f(x): return collections.UserString(x)", "assert f('a') == 'a' and f('a').upper() == 'A'"),
    "chain_map": ("f", "import collections\ndef f(a, b): return collections.ChainMap(a, b)", "assert f({'a': 1}, {'b': 2}) == {'a': 1, 'b': 2} and f({}, {'b': 2})['b'] == 2"),
    "array": ("f", "import array\ndef f(x): return array.array('i', x)", "import array\nassert f([1, 2]) == array.array('i', [1, 2])"),
    "array_changed_in_place": ("f", "def f(a): a.append(3)", "import array\na = array.array('i', [1])\nf(a)\nassert a.tolist() == [1, 3]"),
    "user_list_changed_in_place": ("f", "def f(a): a.append(3)", "import collections\na = collections.UserList([1])\nf(a)\nassert a == [1, 3]"),
    "memory_view": ("f", "def f(x): return memoryview(x)", "assert f(b'ab') == b'ab' and bytes(f(b'ab')) == b'ab'"),
    "time_with_a_zone": ("f", "import datetime\ndef f(): return datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)", "import datetime as d\nassert f().isoformat() == '2020-01-01T00:00:00+00:00' and f() == d.datetime(2020, 1, 1, tzinfo=d.timezone.utc)"),
    "time_with_an_offset": ("f", "import datetime as d\ndef f(): return d.datetime(2020, 1, 1, tzinfo=d.timezone(d.timedelta(hours=-5)))", "assert f().isoformat() == '2020-01-01T00:00:00-05:00'"),
    "time_with_a_zone_of_its_own": ("f", "import datetime as d\nclass Z(d.tzinfo):\n    def utcoffset(self, _): return d.timedelta(hours=1)\n    def dst(self, _): return None\ndef f(): return d.datetime(2020, 1, 1, tzinfo=Z())", "assert f().isoformat() == '2020-01-01T00:00:00+01:00'"),
    "long_integer_returned": ("f", "def f(n): return 2 ** n", "assert len(str(f(70000))) == 21073 and f(70000) == 2 ** 70000"),
    "long_integer_read": ("f", "def f(s): return int(s) + 1", "assert f('9' * 20000) == 10 ** 20000"),
    "long_integer_given_as_text": ("f", "def f(n): return str(n)", "assert f(10 ** 5000) == '1' + '0' * 5000"),
    "generator_of_200_000": ("f", "def f(n):\n    yield from range(n)", "assert sum(f(200000)) == 19999900000"),
    "generators_side_by_side": ("f", "def f(n):\n    yield from range(n)", "a, b = f(500), f(500)\nassert all(x == y for x, y in zip(a, b))"),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_an_honest_program_is_accepted(any_judge, case):
    """With namespaces and without."""
    names, program, code = ACCEPTED[case]
    test = AssertTest(code=code, names=tuple(names.split()))

    judgement = any_judge.judge(program, (test,))

    assert (judgement.verdict.value, judgement.detail) == ("accepted", "")


def test_long_integers_are_printed(run):
    """20,000 digits; CPU time bounds the conversion, nothing else."""
    assert run("print(10 ** int(input()) - 1)", "20000\n", "9" * 20000 + "\n").verdict.value == "accepted"


FAILS = {
    # names, program, test, verdict
    "other_exception_than_the_named_one": ("f Mine", OWN_ERROR + "def f(): raise Other('x')", "try:\n    f()\nexcept Mine:\n    pass", "runtime_error"),
    "no_exception_where_one_is_wanted": ("f Mine", OWN_ERROR + "def f(): pass", "try:\n    f()\n    assert False\nexcept Mine:\n    pass", "wrong_answer"),
    "another_exception_class_each_time": ("f", "def f(): raise type('E', (Exception,), {})", "for _ in range(200):\n    try: f()\n    except Exception: pass", "runtime_error"),
    "coroutine_of_a_wrong_value": ("f", "async def f(): return 3", "import asyncio\nassert asyncio.run(f()) == 4", "wrong_answer"),
    "class_that_lies_about_its_bases": ("f Mine", "class Meta(type):\n    def __instancecheck__(cls, _): return True\nclass Mine(Exception, metaclass=Meta): pass\ndef f(): raise KeyError", "try:\n    f()\nexcept Mine:\n    pass", "runtime_error"),
    "objects_equal_by_their_own_word": ("f", "class A:\n    def __eq__(self, _): return True\n    def __hash__(self): return 1\ndef f(): return A()", "assert f() == f()", "wrong_answer"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILS)
def test_a_wrong_program_is_still_wrong(any_judge, case):
    """What is new for honest programs opens nothing for others."""
    names, program, code, verdict = FAILS[case]

    assert any_judge.judge(program, (AssertTest(code=code, names=tuple(names.split())),)).verdict.value == verdict
