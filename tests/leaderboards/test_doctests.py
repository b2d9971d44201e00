"""The examples in docstrings are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["leaderboards.paired", "leaderboards.plots.figures"])
def test_examples(module):
    """Each module has some, and all of them run."""
    found = doctest.testmod(importlib.import_module(module))

    assert (found.failed, found.attempted > 0) == (0, True)
