"""The examples in docstrings are true."""

import doctest
import importlib

import pytest

MODULES = ["inside.checkers", "inside.layers.neutral", "judge", "printable", "records"]


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    """Each module has some, and all of them run."""
    found = doctest.testmod(importlib.import_module(f"sandbox.{module}"))

    assert (found.failed, found.attempted > 0) == (0, True)
