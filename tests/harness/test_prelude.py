"""Which names of a site's prelude a program gets."""

import builtins
import hashlib
import importlib
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.apps import apps_plus
from harness.benchmarks.prelude import PRELUDES, load_prelude
from harness.errors import UserError
from harness.extraction.program import prelude_of
from harness.syntax import MOST_CHARACTERS, NO_PROGRAM

LEETCODE = load_prelude("leetcode")


def needed(program):
    """Return the names that a program gets."""
    text = LEETCODE.needed_by(program)
    return {name for name, source in LEETCODE.sources.items() if source in text}


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("class Solution:\n    def f(self, a: List[int], k): return a[bisect_left(a, k)]", {"List", "bisect_left"}),
        ("def f(a): return bisect.bisect(a, inf)", {"bisect", "inf"}),
        (
            "class S:\n    @cache\n    def f(self, n: Optional[TreeNode] = None): return reduce(gcd, n)",
            {"cache", "Optional", "TreeNode", "reduce", "gcd"},
        ),
        ("def f(a): return np.array(a)", {"np"}),
        ("import bisect\nfrom math import gcd, inf as oo\ndef f(a): return bisect.bisect(a, gcd(oo))", set()),
        ("class ListNode: pass\ndef reduce(a): return a\nprint(ListNode, reduce)", set()),
        ("cache = deque = 1\n(gcd, *lcm), inf = [1], 1\nprint(cache, deque, gcd, lcm, inf)", set()),
        ("def f(a):\n    np = len(a)\n    return np", set()),
        ("def f(a):\n    inf = 5\n    return inf\ndef g(a): return min(a, inf)", {"inf"}),
        ("if __name__ == '__main__':\n    import math\ndef f(a): return math.pi", {"math"}),
        ("def f(a): return a.count(1) + a.index(2)  # gcd of some\nx = 'reduce'", set()),
        ("def f(a): return eval('gcd(4, ' + a + ')')", {"gcd"}),
        ("def f(a): return pow(a, 2) + sum(map(abs, a)) + print(open, exit)", set()),
        ("type T = List[int]", {"List"}),
        ("", set()),
    ],
)  # fmt: skip
def test_a_program_gets_what_it_uses_and_does_not_define(program, names):
    """Modules, functions, classes; not what it imports or defines, nor attributes, comments and texts."""
    assert needed(program) == names


def test_a_program_that_is_not_parsed_gets_the_names_in_its_text():
    """Such as one in the grammar of a newer Python, or a very long one: too many names do no harm."""
    assert needed("def f[T](a: T, = gcd") == {"gcd"}
    assert needed(f"def f(a): return gcd(a)  # inf {'#' * MOST_CHARACTERS}") == {"gcd", "inf"}


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from([*LEETCODE.sources, "=", "\n", "(", ")", "def f():", ":"])).map(" ".join)
)
def test_what_a_program_gets_compiles_and_has_only_names_of_the_prelude(program):
    """Whatever the text; each name once, in the order of the file."""
    text = LEETCODE.needed_by(program)
    compile(text, "prelude", "exec")

    assert text == "".join(source for name, source in LEETCODE.sources.items() if name in needed(program))


@pytest.mark.parametrize("name", LEETCODE.sources)
def test_each_name_is_what_the_library_has_under_it(name):
    """A module, an attribute of one, a class with the fields of its site; none where this Python lacks it."""
    if name in LEETCODE.packages:
        pytest.skip("a package need not be installed")
    names = {}
    exec(LEETCODE.sources[name], names)  # noqa: S102 - ours

    assert not hasattr(builtins, name)
    assert {key for key in names if key != "__builtins__"} <= {name}


MODULES = (
    "bisect collections copy datetime functools heapq io itertools json math operator random re statistics string "
    "typing"
).split()


@pytest.mark.parametrize("module", MODULES)
def test_all_that_a_star_import_gives_is_there(module):
    """Of each module that LeetCode imports so, but what is a builtin or is meant otherwise."""
    names = {}
    exec(f"from {module} import *", names)  # noqa: S102 - the library
    left_out = {"UnsupportedOperation", "ByteString", "template", "sys"}
    of_3_14 = {"Placeholder", "Reader", "Writer", "evaluate_forward_ref", "is_none", "is_not_none"}

    given_names = {name for name in names if not name.startswith("_") and not hasattr(builtins, name)}
    unknown = given_names - LEETCODE.sources.keys() - left_out - of_3_14
    assert {name for name in unknown if not (module == "heapq" and name.endswith("_max"))} == set()


def test_its_hash_is_that_of_the_file():
    """So that a result tells which names there were."""
    assert LEETCODE.sha256 == hashlib.sha256((PRELUDES / "leetcode.toml").read_bytes()).hexdigest()


def test_a_prelude_that_is_not_there_is_refused():
    """With the names of those that are."""
    with pytest.raises(UserError, match=r"no prelude 'nosuch': .* leetcode"):
        load_prelude("nosuch")


def test_nodes_have_the_fields_of_their_site():
    """With defaults, by position or by name."""
    names = {}
    exec(LEETCODE.needed_by("print(ListNode, TreeNode)"), names)  # noqa: S102 - ours
    inner = names["ListNode"](2)
    tree = names["TreeNode"](1, right=names["TreeNode"](3))

    assert (names["ListNode"](1, inner).next.val, inner.next, tree.left, tree.right.val) == (2, None, None, 3)


@pytest.mark.parametrize(
    ("row", "prelude"),
    [
        (
            {
                "fn_name": "f", "inputs": [[[1]]], "outputs": [1],
                "starter_code": "class Solution:\n    def f(self, a: List[int]):",
            },
            "leetcode",
        ),
        ({"fn_name": "f", "inputs": [[1]], "outputs": [1]}, "leetcode"),
        ({"inputs": ["1\n"], "outputs": ["1\n"]}, ""),
    ],
)  # fmt: skip
def test_call_problems_of_apps_have_the_prelude_of_leetcode(tmp_path, row, prelude):
    """On standard input a program imports what it uses, as on the sites of those problems."""
    (tmp_path / "rows.jsonl").write_text(json.dumps({"problem_id": "1", "prompt": "p", **row}))
    (problem,) = apps_plus.problems(tmp_path / "rows.jsonl").values()

    assert problem.prelude == prelude
    assert bool(prelude_of("def f(a): return gcd(a)", problem)) == bool(prelude)


def test_the_examined_interpreter_tells_which_names_a_program_needs():
    """Of a program that it parses, those read; of another, all that occur in its text."""
    program = "def f(a):\n    return a  # gcd\n"

    assert LEETCODE.needed_by(program) == ""
    assert "import gcd" in LEETCODE.needed_by(program, lambda _: NO_PROGRAM)


def test_what_modules_it_names_are_the_librarys():
    """No other package is imported unasked."""
    imported = {
        source.split()[2]
        for name, source in LEETCODE.sources.items()
        if source.startswith("try: ") and name not in LEETCODE.packages
    }

    assert imported <= sys.stdlib_module_names
    assert all(map(importlib.import_module, imported))
