"""Texts are parsed as the examined interpreter does, in a process of it, where its version is another one."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.benchmarks.starter_code import with_entry_call
from harness.extraction.extract import extract
from harness.extraction.interpreter import OtherPython, grammar_of
from harness.syntax import binds, lacks, parse_text

NEWER = "type Num = float\ndef f(x: Num) -> Num:\n    s = f'{'a'}'\n    return x\n"
TEXTS = (
    "x = 1\n", "import os.path as p\nfrom a import b\n", "def f(x, *y, z=1):\n    return [x for x in g(y)]\n", "",
    "x y", "class A:\n    @d\n    def m(self): pass\n", "with a as b, c: pass\n", "\ud800", "(" * 300,
    "x = (", "'\u00e9'\n",
)  # fmt: skip


@pytest.fixture(scope="module")
def newer():
    """Return the grammar of a Python that is newer than 3.11, which this one is not."""
    if sys.version_info >= (3, 12):
        pytest.skip("this Python is 3.12 or newer itself")
    places = [*Path("~/.pyenv/versions").expanduser().glob("3.1[2-4]*/bin/python3"), "python3.12", "python3.13"]
    for python in filter(None, map(shutil.which, map(str, places))):
        if subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0:
            return grammar_of(python)
    pytest.skip("needs a Python 3.12 or newer")


def test_this_interpreter_parses_in_this_process():
    """The usual case costs nothing."""
    assert grammar_of(sys.executable) is parse_text


@pytest.mark.parametrize("text", TEXTS)
def test_another_process_says_the_same(text, monkeypatch):
    """A tree comes back with the names, lines and kinds of statements that the questions are about."""
    monkeypatch.setattr(sys, "version_info", (2, 7))  # so that it is not ours
    other = OtherPython(sys.executable)
    try:
        here, there = parse_text(text), other(text)
    finally:
        other.end()

    assert there.is_unfinished == here.is_unfinished
    assert (there.tree is None) == (here.tree is None)
    if here.tree and there.tree:
        assert (binds(there.tree), lacks(there.tree)) == (binds(here.tree), lacks(here.tree))
        assert [type(node) for node in ast.walk(there.tree)] == [type(node) for node in ast.walk(here.tree)]
        assert [it.lineno for it in there.tree.body] == [it.lineno for it in here.tree.body]


def test_an_interpreter_that_is_absent_finds_no_program():
    """The judge says so itself."""
    assert grammar_of("/nowhere/python3")("x = 1").tree is None


def test_newer_syntax_is_a_program(newer):
    """In fences, as a body, and where its starter code leaves a call to the judge."""
    body = "    s = f'{'a'}'\n    return x\n"

    assert extract(f"Sure:\n```python\n{NEWER}```\n", entry_point="f").rule == "none"
    assert extract(f"Sure:\n```python\n{NEWER}```\n", entry_point="f", grammar=newer).program == NEWER
    assert extract(body, prompt="def f(x):\n", entry_point="f", grammar=newer).program == f"def f(x):\n{body}"
    program = "def solve():\n    print(f'{'a'}')\n"
    assert with_entry_call(program, "def solve():", newer) == f"{program}\n\nsolve()\n"
