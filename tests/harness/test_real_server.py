"""The backend for OpenAI-compatible servers against a real one, `transformers serve`, and a real model."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from tiny_model import END, TURN_END

from harness.errors import UserError
from harness.generation.backend import Backend, Request
from harness.generation.prompts import Message
from harness.plugins import resolve
from harness.runs.records import Sampling

pytestmark = pytest.mark.slow

PATIENCE_S = 120
GREEDY = Sampling(n=1, temperature=0.0, top_p=1.0, max_tokens=24, stop=(), seed=0)
TEXTS = ("def add(a, b):\n", "import sys\n", "while left < right:\n    middle =", "x", "class Stack:\n    def push(")
CHATS = tuple(
    (Message(role="system", content="Write Python."), Message(role="user", content=f"Explain: {text}"))
    for text in TEXTS
)


def free_port():
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    """Return whether the server says that it is well."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - a URL of ours
            return response.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(tiny_model, tmp_path_factory):
    """Start the server with the tiny model, and return its address."""
    port = free_port()
    command = Path(sys.executable).parent / "transformers"
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as output, subprocess.Popen(
        [command, "serve", str(tiny_model), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu",
         "--dtype", "float32"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(log.parent), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        stdout=output,
        stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            ends = time.monotonic() + PATIENCE_S
            while not answers(f"http://127.0.0.1:{port}/health"):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < ends, log.read_text()
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()


@pytest.fixture(scope="module")
def load(server, tiny_model):
    """Return a function that loads the server's model, with options."""
    backend = resolve("proctor.backends", "openai", Backend)
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            backend.load(str(tiny_model), {"base_url": server, "timeout_s": PATIENCE_S} | options)
        )


@pytest.fixture(scope="module")
def generate(tiny_model):
    """Return a function that greedily goes on with a prompt by the library alone: text and number of tokens."""
    import torch  # noqa: PLC0415 - heavy, and only collected otherwise
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)

    def go_on(prompt):
        text = prompt
        if not isinstance(prompt, str):
            text = tokenizer.apply_chat_template(
                msgspec.to_builtins(prompt), tokenize=False, add_generation_prompt=True
            )
        inputs = tokenizer(text, return_tensors="pt")
        (whole,) = model.generate(**inputs, do_sample=False, max_new_tokens=GREEDY.max_tokens)
        drawn = whole[inputs["input_ids"].shape[1] :]
        if isinstance(prompt, str):
            return tokenizer.decode(drawn, skip_special_tokens=True), len(drawn)
        return tokenizer.decode(drawn).removesuffix(END).removesuffix(TURN_END).strip(), len(
            drawn
        )  # as this server does

    return go_on


def draw(engine, sampling, *prompts):
    """Draw a completion for each prompt, its seed being its number, and return them in order."""
    plan = [Request(task_id=str(task), index=0, prompt=prompt, seed=task) for task, prompt in enumerate(prompts)]
    drawn = dict(engine.generate(plan, {request.key for request in plan}, sampling))
    return [drawn[request] for request in plan]


@pytest.mark.parametrize("prompts", [TEXTS, CHATS], ids=["texts", "chats"])
def test_greedy_completions_are_those_of_the_library(load, generate, prompts):
    """Prompt by prompt, in fp32, down to the number of tokens."""
    completions = draw(load(), GREEDY, *prompts)

    assert [(completion.text, completion.tokens) for completion in completions] == [*map(generate, prompts)]
    assert len({completion.text for completion in completions}) == len(prompts)


def test_a_stop_string_ends_the_completion(load, generate):
    """This server stops there and leaves the string in; we don't."""
    (whole, tokens) = generate(TEXTS[0])
    stop = whole[len(whole) // 2 :][:2]

    (completion,) = draw(load(), msgspec.structs.replace(GREEDY, stop=(stop,)), TEXTS[0])

    assert (completion.text, completion.finish_reason) == (whole[: whole.index(stop)], "stop")
    assert completion.tokens < tokens


def test_seeds_are_kept_where_requests_come_one_by_one(load):
    """Once the server is told to sample at all; see docs/servers.md."""
    sampled = msgspec.structs.replace(GREEDY, temperature=0.8)
    model = load(concurrency=1, extra={"generation_config": json.dumps({"do_sample": True})})

    first, second = (draw(model, sampled, *[TEXTS[0]] * 4) for _ in range(2))

    assert first == second
    assert len({completion.text for completion in first}) == 4


def test_another_model_is_refused_by_the_server(server):
    """In its own words."""
    backend = resolve("proctor.backends", "openai", Backend)

    with backend.load("other", {"base_url": server}) as model, pytest.raises(UserError, match="requested 'other'"):
        draw(model, GREEDY, "x")
