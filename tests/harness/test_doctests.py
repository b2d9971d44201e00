"""The examples in docstrings are true."""

import doctest
import importlib

import pytest

MODULES = (
    "backends.openai_answers", "backends.openai_options", "benchmarks.humaneval", "benchmarks.mbpp_plus", "calibration",
    "escapes", "extraction", "intervals", "passk", "prose", "starter_code",
)  # fmt: skip


@pytest.mark.parametrize("module", [f"harness.{name}" for name in MODULES])
def test_examples(module):
    """Each module has some, and all of them run."""
    found = doctest.testmod(importlib.import_module(module))

    assert (found.failed, found.attempted > 0) == (0, True)
