"""Nothing is lost and nothing doubled: 2,000 completions of a server that does all that servers do wrong.

Every request meets one or two faults, in turn, before it is answered: the server is busy, fails, drops the connection,
breaks it off, falls silent, or sends what is no completion. Half of the requests are texts, half are chats. What the
server completes depends on prompt and seed, so that a completion which reached another request would be seen.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from harness.generation.backend import Backend, Request
from harness.generation.prompts import Message
from harness.plugins import resolve
from harness.runs.records import Sampling

sys.path.append(str(Path(__file__).parents[1] / "harness"))
from hostile_server import FAULTS, STOP, HostileServer, text_for  # the tests' own

SAMPLES_PER_TASK = 10
CONCURRENCY = 64
SILENCE_S = 1.0
BACKOFF_S = 0.01
SAMPLING = Sampling(n=SAMPLES_PER_TASK, temperature=0.8, top_p=0.95, max_tokens=64, stop=(STOP,), seed=0)


def main() -> int:
    """Draw, and compare with what the server completes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=2000, metavar="N", help="completions (default: 2000)")
    plan = [request(number) for number in range(parser.parse_args().requests)]
    backend = resolve("proctor.backends", "openai", Backend)
    began = time.monotonic()
    with HostileServer(FAULTS.values()).running() as server:
        options = {"base_url": server.url, "concurrency": CONCURRENCY, "timeout_s": SILENCE_S, "backoff_s": BACKOFF_S}
        with backend.load("m", options) as engine:
            drawn = list(engine.generate(plan, {request.key for request in plan}, SAMPLING))
    times = Counter(request.key for request, _ in drawn)
    lost = sum(request.key not in times for request in plan)
    wrong = sum(completion.text != expected(request) for request, completion in drawn)

    for name, fault in FAULTS.items():
        print(f"{server.served[fault]:6} x {name}")
    print(f"{server.served[None]:6} x a completion, in {time.monotonic() - began:.1f} s")
    print(f"{len(plan)} requests: {lost} lost, {len(drawn) - len(times)} doubled, {wrong} wrong")
    return 0 if len(drawn) == len(plan) and not lost and not wrong else 1


def request(number: int) -> Request:
    """Return one of the requests: a text and a chat in turn, ten of a task."""
    task, index = divmod(number, SAMPLES_PER_TASK)
    text = f"problem {task}"
    prompt = (Message(role="user", content=text),) if task % 2 else text
    return Request(task_id=str(task), index=index, prompt=prompt, seed=number)


def expected(request: Request) -> str:
    """Return what the server completes."""
    prompt = request.prompt
    return text_for(prompt if isinstance(prompt, str) else prompt[-1].content, request.seed)


if __name__ == "__main__":
    sys.exit(main())
