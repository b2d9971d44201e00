"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = [path for path in sorted((ROOT / "harness").rglob("*.py")) if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_examples(path):
    """Every module that has some: all of them run."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)

    found = doctest.testmod(importlib.import_module(name))

    assert (found.failed, found.attempted > 0) == (0, True)
