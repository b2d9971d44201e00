"""What is sent to a server, what is asked of its options, and whom the key is told to."""

import logging
import sys
import traceback
from contextlib import ExitStack

import pytest
from hostile_server import FAULTS, PATHS, STOP, HostileServer, replying

from harness.errors import Unavailable, UserError
from harness.generation.backend import Backend, Request
from harness.generation.prompts import Message
from harness.plugins import resolve
from harness.runs.records import Sampling

pytestmark = pytest.mark.slow

BACKEND = resolve("proctor.backends", "openai", Backend)
SAMPLING = Sampling(n=1, temperature=0.5, top_p=0.9, max_tokens=64, stop=(STOP, "\n\n"), seed=0)
QUICK = {"backoff_s": 0.001, "timeout_s": 20}
KEY = "sk-proctor-4f1e-not-to-be-told"


def request(task=0, *, chat=False, seed=None):
    """Return a request; its seed is its task's number unless another is given."""
    text = f"prompt of task {task}"
    prompt = (Message(role="system", content="Be terse."), Message(role="user", content=text)) if chat else text
    return Request(task_id=str(task), index=0, prompt=prompt, seed=task if seed is None else seed)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    """Take what speaks of servers and proxies out of the environment."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve():
    """Return a function that starts a server with faults."""
    with ExitStack() as stack:
        yield lambda *faults, most=2: stack.enter_context(HostileServer(faults, most).running())


@pytest.fixture
def engine():
    """Return a function that loads the model m of a server, with options."""
    with ExitStack() as stack:
        yield lambda server, **options: stack.enter_context(
            BACKEND.load("m", {"base_url": server.url, **QUICK} | options)
        )


@pytest.fixture
def key(monkeypatch):
    """Put a key where one is looked for."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def draw(engine, *requests):
    """Draw all of the requests, and return their completions in order."""
    drawn = dict(engine.generate(requests, {request.key for request in requests}, SAMPLING))
    return [drawn[request] for request in requests]


def test_a_text_is_completed(serve, engine):
    """One choice, with the seed of this sample alone."""
    server = serve(FAULTS["busy"])

    draw(engine(server), request(4))

    assert server.asked[-1] == (
        PATHS[0],
        {
            "model": "m", "prompt": "prompt of task 4", "max_tokens": 64, "temperature": 0.5, "top_p": 0.9, "seed": 4,
            "stop": [STOP, "\n\n"],
        },
    )  # fmt: skip


def test_a_chat_is_answered(serve, engine):
    """At the other address."""
    server = serve(FAULTS["busy"])

    draw(engine(server), request(4, chat=True))

    path, body = server.asked[-1]
    assert path == PATHS[1]
    assert body["messages"] == [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "prompt of task 4"},
    ]


def test_a_text_may_be_sent_as_a_chat(serve, engine):
    """To servers that can't complete."""
    server = serve(FAULTS["busy"])

    draw(engine(server, text_as_chat="true"), request(4))

    path, body = server.asked[-1]
    assert (path, body["messages"]) == (PATHS[1], [{"role": "user", "content": "prompt of task 4"}])


@pytest.mark.parametrize(
    "extra",
    [
        {"top_k": 20, "max_completion_tokens": 9, "max_tokens": None},
        '{"top_k": 20, "max_completion_tokens": 9, "max_tokens": null}',
    ],
    ids=["a table", "a text"],
)
def test_fields_may_be_added_and_left_out(serve, engine, extra):
    """As servers differ in what they take."""
    server = serve(FAULTS["busy"])

    draw(engine(server, extra=extra), request())

    _, body = server.asked[-1]
    assert (body["top_k"], body["max_completion_tokens"], "max_tokens" in body) == (20, 9, False)


@pytest.mark.parametrize(
    ("extra", "left"),
    [
        ({}, "top_k, min_p, repetition_penalty"),
        ({"top_k": 20, "min_p": 0.0}, "repetition_penalty"),
        ({"top_k": None}, "top_k, min_p, repetition_penalty"),
        ({"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}, ""),
    ],
)
def test_what_is_left_to_the_server_is_said_and_recorded(serve, engine, capsys, extra, left):
    """By name: a server may fill it in from the model's own configuration."""
    server = serve()

    producer = engine(server, extra=extra).producer

    assert producer.options["left_to_server"] == left
    said = f"proctor: {server.url}: its own settings decide {left}; --option extra sends them\n"
    assert capsys.readouterr().err == (said if left else "")


def test_the_producer_names_the_weights_and_the_address(serve, engine):
    """Without password and query, and with what moves a sample."""
    server = serve()
    address = server.url.replace("//", "//me:secret@") + "?key=secret"

    producer = engine(server, base_url=address, extra={"top_k": 1}).producer

    assert (producer.backend, producer.model, producer.weights) == ("openai", "m", "/models/m-7b")
    assert producer.options == {
        "base_url": server.url,
        "extra": '{"top_k":1}',
        "left_to_server": "min_p, repetition_penalty",
        "text_as_chat": "False",
    }
    assert "seed" in producer.repeatable


@pytest.mark.parametrize(
    "models", [(500, {"error": "offline"}), (404, b""), (200, b"<html>"), (200, {"data": [{"id": "other"}]})]
)
def test_weights_are_the_name_where_the_server_lists_none(serve, engine, models):
    """Many a server answers in its own way."""
    server = serve()
    server.models = models

    assert engine(server).producer.weights == "m"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"temperature": 1}, r"there is no option 'temperature'\. Choose from base_url, api_key_env, concurrency, "),
        ({"concurrency": 0}, "--option concurrency: expected int >= 1; correct it"),
        ({"timeout_s": "long"}, "--option timeout_s: expected float"),
        ({"base_url": "127.0.0.1:8000/v1"}, "must be a URL such as"),
        ({"base_url": "http://[::1/v1"}, "must be a URL such as"),
        ({"base_url": "http://host:port/v1"}, "must be a URL such as"),
        ({"extra": {"n": 5, "stream": True}}, "can't set n, stream"),
        ({"extra": "{top_k: 20}"}, r"--option extra: JSON is malformed.*; it takes a table such as \{\"top_k\": 20\}$"),
        ({"extra": "[1]"}, "--option extra: expected object"),
        ({"api_key_env": KEY}, "takes the name of an environment variable, not the key itself$"),
        ({"base_url": "https://me:secret@example.org/v1"}, "^https://example.org/v1 takes a key: put it into the env"),
    ],
)
def test_options_that_make_no_sense_are_told(options, told):
    """In one line, before anything is sent."""
    with pytest.raises(UserError, match=told), BACKEND.load("m", options):
        pass


def test_a_key_that_is_none_is_not_told(monkeypatch):
    """A character that HTTP can't carry would show it in the library's error."""
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\nmore")

    with pytest.raises(UserError, match="characters that no key has") as told, BACKEND.load("m", {}):
        pass

    assert KEY not in str(told.value)


def test_without_the_library_the_way_out_is_told(monkeypatch, serve):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "openai", None)

    with (
        pytest.raises(UserError, match=r"pip install 'proctor\[openai\]'"),
        BACKEND.load("m", {"base_url": serve().url}),
    ):
        pass


def test_the_key_is_sent(serve, engine, monkeypatch):
    """From the variable that the user names, without the line's end that a file may have brought."""
    monkeypatch.setenv("MY_KEY", KEY + "\n")
    server = serve(FAULTS["busy"])

    draw(engine(server, api_key_env="MY_KEY"), request())

    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
@pytest.mark.usefixtures("key")
def test_the_key_is_told_to_nobody_else(serve, engine, caplog, capfd, status):
    """Not in logs, errors, tracebacks or records, though the server repeats it in every message."""
    model = engine(serve(replying(status, {"error": {"message": f"{KEY} is not liked " + KEY * 20}})), retries=0)
    for name in (None, *logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, name)

    with pytest.raises((UserError, Unavailable), match=r"\*\*\* is not liked") as told:
        draw(model, request())

    output, error = capfd.readouterr()
    tracebacks = "".join(traceback.format_exception(told.value))
    assert "Sending HTTP Request" in caplog.text
    assert KEY[:12] not in repr(model) + repr(model.producer) + tracebacks + caplog.text + output + error
