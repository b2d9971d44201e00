"""A server on the loopback that speaks OpenAI's protocol and, where it is told to, does all that servers do wrong.

What it completes depends on the prompt and the seed, so a completion that reaches another request is seen. Faults come
in turn: the n-th request that was never seen before meets the n-th fault and, by its seed, some of those after it,
before it is answered. A request that was answered is answered again.
"""

import json
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice

PATHS = ("/v1/completions", "/v1/chat/completions")
STOP = "[DONE]"


def text_for(prompt, seed):
    """Return what the server completes, up to the stop string."""
    return f"# {prompt[::-1]} {seed * 7919 % 10007} ä\n"


class Handler(BaseHTTPRequestHandler):
    """Answers one connection; the server holds what all of them share."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Say nothing on stderr."""

    def do_GET(self):
        """List the models."""
        self.reply(*self.server.models)

    def do_POST(self):
        """Complete, or commit the fault whose turn it is."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.under_way():
            fault = self.server.note(self.path, asked, self.headers)
            if fault is None:
                self.reply(200, answer(self.path, asked))
            else:
                fault(self, asked)

    def reply(self, status, body, kind="application/json", **headers):
        """Send an answer; keys of headers have underscores for hyphens."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)


def answer(path, asked):
    """Return a proper answer, which doesn't leave out the stop string, as some servers don't."""
    prompt = asked["prompt"] if path == PATHS[0] else asked["messages"][-1]["content"]
    text = text_for(prompt, asked["seed"]) + STOP + "what the model would go on with"
    choice = {"text": text} if path == PATHS[0] else {"message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": len(prompt), "completion_tokens": len(text), "total_tokens": len(prompt) + len(text)}
    return {"choices": [{"index": 0, "finish_reason": "length", **choice}], "usage": usage}


def replying(status, body, kind="application/json", **headers):
    """Return a fault that is a fixed answer."""
    return lambda handler, _: handler.reply(status, body, kind, **headers)


def spoiling(change):
    """Return a fault that spoils a proper answer, whose one choice it gets."""

    def fault(handler, asked):
        proper = answer(handler.path, asked)
        handler.reply(200, proper | {"choices": change(proper["choices"][0])})

    return fault


def drop(handler, _):
    """Close the connection instead of an answer."""
    handler.close_connection = True


def break_off(handler, asked):
    """Close the connection in the middle of an answer."""
    data = json.dumps(answer(handler.path, asked)).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])
    handler.close_connection = True


def stall(handler, _):
    """Say nothing until the client hangs up."""
    handler.connection.recv(1)
    handler.server.hung_up.set()
    handler.close_connection = True


def half_of_it(handler, asked):
    """Send half an answer as if it were the whole."""
    data = json.dumps(answer(handler.path, asked)).encode()
    handler.reply(200, data[: len(data) // 2])


def not_utf8(handler, asked):
    """Send an answer in an encoding that JSON doesn't have."""
    handler.reply(200, json.dumps(answer(handler.path, asked), ensure_ascii=False).encode("latin-1"))


def lone_surrogate(handler, asked):
    """Send a text that is no UTF-8, which is an answer as any other."""
    handler.reply(200, json.dumps(answer(handler.path, asked)).replace("# ", "# \\ud800").encode())


FAULTS = {
    "busy": replying(429, {"error": {"message": "too many requests"}}, Retry_After="0"),
    "broken": replying(500, {"error": {"message": "out of memory"}}),
    "bad gateway": replying(502, b"<html>Bad Gateway</html>", "text/html"),
    "overloaded": replying(503, b""),
    "dropped": drop,
    "broken off": break_off,
    "stalled": stall,
    "a page": replying(200, b"<html>Please log in</html>", "text/html"),
    "a page that calls itself JSON": replying(200, b"<html>Please log in</html>"),
    "nothing": replying(200, b""),
    "half of it": half_of_it,
    "an error with status 200": replying(200, {"error": {"message": "overloaded"}}),
    "a list": replying(200, [1, 2]),
    "no choice": spoiling(lambda _: []),
    "two choices": spoiling(lambda choice: [choice, choice]),
    "no text": spoiling(lambda choice: [{"index": choice["index"], "finish_reason": "stop"}]),
    "null": spoiling(lambda _: [{"finish_reason": "stop", "text": None, "message": {"content": None}}]),
    "a number": spoiling(lambda _: [{"finish_reason": "stop", "text": 7, "message": {"content": 7}}]),
    "not ended": spoiling(lambda choice: [choice | {"finish_reason": None}]),
    "aborted": spoiling(lambda choice: [choice | {"finish_reason": "abort"}]),
    "not UTF-8": not_utf8,
    "not gzip": replying(200, b"no gzip", Content_Encoding="gzip"),
}  # fmt: skip


class HostileServer(ThreadingHTTPServer):
    """The server and its memory."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, faults=(), most=2):
        """Listen on a free port of the loopback.

        Args:
            faults: what is done instead of an answer, in turn; functions of the handler and of what was asked.
            most: faults that a request may meet; one of seed s meets 1 + s % most of them.
        """
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults, self.most = tuple(faults), most
        self.models = (200, {"data": [{"id": "m", "root": "/models/m-7b"}]})
        self.asked, self.headers = [], []
        self.tries, self.served = Counter(), Counter()
        self.hung_up = threading.Event()
        self.active = self.most_active = 0
        self._plans = {}
        self._lock = threading.Lock()

    @property
    def url(self):
        """Return the address that clients take."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def note(self, path, asked, headers):
        """Remember a request, and return the fault that it meets, or None."""
        with self._lock:
            key = path, str(asked.get("prompt", asked.get("messages"))), asked["seed"]
            self.asked.append((path, asked))
            self.headers.append(headers)
            self.tries[key] += 1
            if key not in self._plans:
                turn = len(self._plans)
                self._plans[key] = islice(cycle(self.faults), turn, turn + 1 + asked["seed"] % self.most)
            fault = next(self._plans[key], None)
            self.served[fault] += 1
            return fault

    @contextmanager
    def under_way(self):
        """Count a request while it is answered."""
        with self._lock:
            self.active += 1
            self.most_active = max(self.most_active, self.active)
        try:
            yield
        finally:
            with self._lock:
                self.active -= 1

    def handle_error(self, request, client_address):
        """Take it in silence that a client hung up."""

    @contextmanager
    def running(self):
        """Serve in a thread."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            thread.join()
