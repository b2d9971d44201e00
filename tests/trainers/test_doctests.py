"""The examples in docstrings are true."""

import doctest
import importlib

import pytest

MODULES = (
    "compile.codenet", "compile.data_card", "compile.rewards", "compile.statements", "config", "dataset",
    "demo.families", "demo.submissions", "losses", "methods", "plan.forecast", "study.outlook", "study.study_file",
)  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    """Each module has some, and all of them run."""
    found = doctest.testmod(importlib.import_module(f"trainers.{module}"))

    assert (found.failed, found.attempted > 0) == (0, True)
