"""The backend vllm where vLLM is missing; its own tests are in tests/vllm."""

import sys

import pytest

from harness.errors import UserError
from harness.generation.backends.vllm import vllm


def test_without_the_library_the_user_is_told_what_to_install(monkeypatch):
    """It is large, and comes with an extra of its own."""
    monkeypatch.setitem(sys.modules, "vllm", None)

    with pytest.raises(UserError, match=r"pip install 'proctor\[vllm\]'"), vllm.load("model", {}):
        pass
