"""What the tests of vLLM build on: its settings for a small CPU, and the tiny model."""

import os

import pytest
import tiny_model as tiny

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """Return the folder of a real model that is small."""
    return tiny.build(tmp_path_factory.mktemp("tiny-model"), context=512)


@pytest.fixture(scope="session")
def tiny_adapter(tiny_model, tmp_path_factory):
    """Return the folder of a LoRA adapter over the tiny model."""
    return tiny.build_adapter(tiny_model, tmp_path_factory.mktemp("tiny-adapter"))
