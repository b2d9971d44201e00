"""The backend in examples/: a command of the user's draws, and its faults are told."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from harness.cli.main import run
from harness.errors import Unavailable, UserError
from harness.generation.backend import Backend, Request
from harness.generation.prompts import Message
from harness.plugins import resolve
from harness.runs.records import Sampling

FILE = Path(__file__).parents[2] / "examples" / "command_backend.py"
LINES = 60
SAMPLING = Sampling(n=2, temperature=0.5, top_p=0.9, max_tokens=8, stop=("[DONE]",), seed=0)
ECHO = (
    "import os, sys; said = map(os.environ.get, ('MODEL', 'SEED', 'TEMPERATURE', 'TOP_P', 'MAX_TOKENS')); "
    "print(sys.stdin.read(), *said, end='[DONE]more')"
)


@pytest.fixture
def backend():
    """Find the backend as the command line does."""
    return resolve("proctor.backends", f"{FILE}:command", Backend)


def draw(backend, program, *requests):
    """Draw the requests from a Python program, and return the texts."""
    command = shlex.join([sys.executable, "-c", program])
    with backend.load("tiny", {"command": command}) as engine:
        drawn = dict(engine.generate(requests, {request.key for request in requests}, SAMPLING))
        return [drawn[request].text for request in requests]


def request(index, prompt="say"):
    """Return a request with a seed of its own."""
    return Request(task_id="1", index=index, prompt=prompt, seed=100 + index)


def test_what_the_command_prints_is_the_completion(backend):
    """It hears the prompt, the model, the seed and how to draw."""
    assert draw(backend, ECHO, request(0), request(1)) == ["say tiny 100 0.5 0.9 8", "say tiny 101 0.5 0.9 8"]


def test_a_chat_comes_as_json(backend):
    """A list of messages."""
    chat = (Message(role="user", content="say"),)

    assert draw(backend, ECHO, request(0, chat))[0].startswith('[{"role":"user","content":"say"}] tiny')


def test_only_what_is_missing_is_drawn(backend):
    """The plan may hold more."""
    with backend.load("tiny", {"command": "cat"}) as engine:
        drawn = list(engine.generate([request(0), request(1)], {("1", 1)}, SAMPLING))

    assert [drawn.request.index for drawn in drawn] == [1]


def test_a_command_that_fails_ends_the_run(backend):
    """Nothing is made up for it."""
    with pytest.raises(Unavailable, match="failed with exit status 3; fix it"):
        draw(backend, "import sys; sys.exit(3)", request(0))


@pytest.mark.parametrize("options", [{}, {"command": ""}, {"command": "no-such-command-here"}, {"comand": "cat"}])
def test_what_the_option_must_be_is_told(backend, options):
    """Before anything is drawn."""
    with pytest.raises(UserError, match='takes one option: --option command="PROGRAM'), backend.load("tiny", options):
        pass


def test_the_command_line_finds_it(tmp_path):
    """As its docstring shows."""
    command = ["generate", "--backend", f"{FILE}:command", "--option", "command=cat", "--model", "tiny"]

    assert run([*command, "--benchmark", "mini", "--limit", "2", "--out", str(tmp_path)]) == 0

    samples = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    assert [(sample["policy"], sample["completion"]) for sample in samples] == [
        ("tiny", sample["prompt"]) for sample in samples
    ]


def test_it_is_short():
    """A backend is one file that one reads at a glance."""
    assert len(FILE.read_text().splitlines()) < LINES
