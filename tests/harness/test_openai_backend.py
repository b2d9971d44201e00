"""The backend for OpenAI-compatible servers, against a server on the loopback that does all that servers do wrong."""

import asyncio
import threading
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
from hostile_server import FAULTS, STOP, HostileServer, drop, replying, stall, text_for

from harness.errors import Unavailable, UserError
from harness.generation.backend import Backend, Request
from harness.generation.backends import openai as module
from harness.generation.prompts import Message
from harness.plugins import resolve
from harness.runs.records import Sampling

pytestmark = pytest.mark.slow

BACKEND = resolve("proctor.backends", "openai", Backend)
SAMPLING = Sampling(n=1, temperature=0.5, top_p=0.9, max_tokens=64, stop=(STOP, "\n\n"), seed=0)
QUICK = {"backoff_s": 0.001, "timeout_s": 20}
SHORT_SILENCE_S = 1.0
answer_x = replying(200, {"choices": [{"text": "x", "finish_reason": "stop"}]})


def request(task=0, *, chat=False, seed=None):
    """Return a request; its seed is its task's number unless another is given."""
    text = f"prompt of task {task}"
    prompt = (Message(role="system", content="Be terse."), Message(role="user", content=text)) if chat else text
    return Request(task_id=str(task), index=0, prompt=prompt, seed=task if seed is None else seed)


def expected(request):
    """Return what the server completes."""
    return text_for(request.prompt if isinstance(request.prompt, str) else request.prompt[-1].content, request.seed)


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
def waits(monkeypatch):
    """Let no time pass between tries, and return the list of the waits."""
    waited = []

    async def wait(seconds):
        waited.append(seconds)

    monkeypatch.setattr(module, "asyncio", msgspec.defstruct("asyncio", ["sleep", "timeout"])(wait, asyncio.timeout))
    return waited


def draw(engine, *requests):
    """Draw all of the requests, and return their completions in order."""
    drawn = dict(engine.generate(requests, {request.key for request in requests}, SAMPLING))
    return [drawn[request] for request in requests]


def test_nothing_is_lost_or_doubled_or_swapped(serve, engine):
    """Every kind of fault comes in turn, several times, before completions and before chats."""
    server = serve(*FAULTS.values())
    plan = [request(task, chat=task % 3 == 0) for task in range(10 * len(FAULTS))]
    model = engine(server, concurrency=32, timeout_s=SHORT_SILENCE_S)

    drawn = list(model.generate(plan, {request.key for request in plan}, SAMPLING))

    assert Counter(request.key for request, _ in drawn) == Counter(request.key for request in plan)
    assert [completion.text for request, completion in drawn] == [expected(request) for request, _ in drawn]
    assert min(server.served[fault] for fault in FAULTS.values()) >= 10


@pytest.mark.parametrize("chat", [False, True], ids=["text", "chat"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_a_try(serve, engine, fault, chat):
    """What comes after it is the completion."""
    server = serve(FAULTS[fault])
    asked = request(chat=chat)

    (completion,) = draw(engine(server, timeout_s=SHORT_SILENCE_S if fault == "stalled" else 20), asked)

    assert completion.text == expected(asked)
    assert server.tries.total() == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_stays_is_told_in_one_line(serve, engine, fault):
    """It says what happened, where, and what to do."""
    server = serve(FAULTS[fault])
    model = engine(server, timeout_s=SHORT_SILENCE_S, retries=0)

    with pytest.raises(
        Unavailable, match=rf"^{server.url}/completions gave no usable answer after 0 retries: .*; check the server.*$"
    ):
        draw(model, request())


def test_what_came_before_the_end_is_kept(serve, engine):
    """Three completions, then the server is gone."""

    def answer_three(handler, asked):
        (drop if handler.server.tries.total() > 3 else answer_x)(handler, asked)

    server = serve(answer_three)
    plan = [request(task) for task in range(6)]
    drawing = engine(server, concurrency=1, retries=0).generate(plan, {request.key for request in plan}, SAMPLING)

    assert [next(drawing).request for _ in range(3)] == plan[:3]
    with pytest.raises(Unavailable, match="after 0 retries"):
        next(drawing)


def test_a_server_that_is_not_there_is_told_at_once():
    """Nobody waits for minutes to hear that the port is wrong."""
    server = HostileServer()
    server.server_close()

    with (
        pytest.raises(Unavailable, match=r"/models gave no usable answer after 2 retries: the connection failed"),
        BACKEND.load("m", {"base_url": server.url} | QUICK),
    ):
        pass


def test_waits_grow_up_to_a_minute(serve, engine, waits):
    """Doubled each time, of which a random half may be left out."""
    model = engine(serve(FAULTS["broken"], most=10), backoff_s=10, retries=9)

    with pytest.raises(Unavailable, match="after 9 retries"):
        draw(model, request(seed=9))

    longest = [10, 20, 40, 60, 60, 60, 60, 60, 60]
    assert [most / 2 <= wait <= most for wait, most in zip(waits, longest, strict=True)] == [True] * 9


def test_a_wait_that_the_server_asks_for_is_kept(serve, engine, waits):
    """In seconds, though the back-off is shorter."""
    draw(engine(serve(replying(429, {}, Retry_After="7"))), request())

    assert waits == [7.0]


def test_a_wait_may_be_a_date(serve, engine, waits):
    """As HTTP allows."""
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    draw(engine(serve(replying(503, {}, Retry_After=then))), request())

    assert 60 < waits[0] <= 100


@pytest.mark.parametrize("asked", ["soon", "", "-5", "nan", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_wait_without_sense_is_none(serve, engine, waits, asked):
    """Then the back-off counts."""
    draw(engine(serve(replying(429, {}, Retry_After=asked))), request())

    assert waits[0] <= 0.001


def test_a_server_that_asks_for_hours_is_gone(serve, engine, waits):
    """Such as where the quota of the day is spent."""
    server = serve(replying(429, {"error": {"message": "daily quota"}}, Retry_After="86400"))
    model = engine(server)

    with pytest.raises(Unavailable, match=r"after 0 retries: status 429: daily quota;"):
        draw(model, request())

    assert waits == []


@pytest.mark.parametrize(
    ("status", "said", "advice"),
    [
        (400, "max_tokens is too large", "check the options"),
        (401, "wrong key", "check the key"),
        (403, "not yours", "check what the key"),
        (404, "no such model", "check --model"),
        (422, "Unexpected fields", "check the options"),
    ],
)
def test_what_no_try_can_heal_is_the_users_to_mend(serve, engine, status, said, advice):
    """The server's own words, in one line, after one try."""
    server = serve(replying(status, {"error": {"message": said + ":\nsee above"}}))
    model = engine(server)

    with pytest.raises(
        UserError, match=rf"^.*/completions refuses task 0 with status {status}: {said}: see .*; {advice}.*$"
    ):
        draw(model, request())

    assert server.tries.total() == 1


def test_a_prompt_that_is_too_long_is_counted(serve, engine):
    """It is an answer, without a text, and the run goes on."""
    server = serve(
        replying(400, {"error": {"message": "This model's maximum context length is 64 tokens", "code": 400}}),
        FAULTS["busy"],
    )

    first, second = draw(engine(server, concurrency=1), request(0), request(2))

    assert (first.text, first.finish_reason, first.tokens) == ("", "context", 0)
    assert second.text == expected(request(2))


def test_completions_come_as_they_are_done(serve, engine):
    """The first is there while the second is not yet answered; a closed iterator hangs up and waits for nothing."""
    server = serve(answer_x, stall)
    plan = [request(0), request(2)]
    drawing = engine(server, concurrency=2).generate(plan, {request.key for request in plan}, SAMPLING)

    assert next(drawing).completion.text == "x"
    drawing.close()

    assert server.hung_up.wait(QUICK["timeout_s"] / 2)
    assert server.tries.total() == 2


def test_an_engine_that_is_left_hangs_up(serve):
    """Though somebody still holds the iterator."""
    server = serve(answer_x, stall)
    plan = [request(0), request(2)]

    with BACKEND.load("m", {"base_url": server.url} | QUICK) as model:
        drawing = model.generate(plan, {request.key for request in plan}, SAMPLING)
        assert next(drawing).completion.text == "x"

    assert server.hung_up.wait(QUICK["timeout_s"] / 2)
    assert server.tries.total() == 2


def test_requests_under_way_are_bounded(serve, engine):
    """Four at once, and never five: the server answers none before there are four."""
    four = threading.Barrier(4)

    def answer_four(handler, asked):
        four.wait(QUICK["timeout_s"] / 2)
        answer_x(handler, asked)

    server = serve(answer_four)

    draw(engine(server, concurrency=4), *(request(2 * task) for task in range(12)))

    assert server.most_active == 4


def test_only_what_is_missing_is_asked_for(serve, engine):
    """The plan may hold more."""
    server = serve(answer_x)

    drawn = list(engine(server).generate([request(0), request(2), request(4)], {("2", 0)}, SAMPLING))

    assert [drawn.request.task_id for drawn in drawn] == ["2"]
    assert server.tries.total() == 1
