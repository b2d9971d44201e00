"""vLLM's server through the backend openai: the same completions as from the model in this process."""

import socket
import subprocess
import sys
import threading

import msgspec
import pytest
from drawing import CHAT, GREEDY, PROMPTS, drawn, plan_of

from harness.generation.backends.openai import openai
from harness.generation.backends.transformers import transformers


@pytest.fixture(scope="module")
def server(tiny_model):
    """Start vLLM's server on the loopback and return its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(tiny_model)]
    settings = ["--served-model-name", "tiny", "--dtype", "float32", "--enforce-eager", "--max-num-seqs", "64"]
    with subprocess.Popen(
        [*command, *settings, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        told = list[str]()
        for line in process.stdout:
            told.append(line)
            if "Application startup complete" in line:
                break
        threading.Thread(target=process.stdout.read).start()  # or the server would wait for a reader
        try:
            assert process.poll() is None, "".join(told)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def test_greedy_completions_are_those_of_transformers(server, tiny_model):
    """Texts and chats, prompt by prompt: text, why it ended, and how many tokens."""
    with transformers.load(str(tiny_model), {"dtype": "float32", "device": "cpu"}) as engine:
        expected = drawn(engine, plan_of((*PROMPTS, CHAT)), GREEDY)

    with openai.load("tiny", {"base_url": server}) as engine:
        assert drawn(engine, plan_of((*PROMPTS, CHAT)), GREEDY) == expected


def test_a_seed_draws_the_same_sample_again(server):
    """The server keeps to the seeds that it is sent."""
    plan = plan_of((*PROMPTS, CHAT), n=3)
    with openai.load("tiny", {"base_url": server}) as engine:
        sampled = [drawn(engine, plan, msgspec.structs.replace(GREEDY, temperature=0.8)) for _ in range(2)]

    assert sampled[0] == sampled[1]
    assert len({completion.text for completion in sampled[0].values()}) > 0.8 * len(plan)
