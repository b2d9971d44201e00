"""Prompts for the tiny model, and how tests draw what follows them."""

from harness.generation.backend import Request
from harness.generation.prompts import Message
from harness.runs.records import Sampling

GREEDY = Sampling(n=1, temperature=0, top_p=1, max_tokens=16, stop=(), seed=0)
SAMPLED = Sampling(n=4, temperature=0.8, top_p=0.95, max_tokens=16, stop=(), seed=0)
ENDING = "def add(a, b):\n"
"""After this the model ends by itself."""
CHAT = (Message(role="system", content="Answer in Python."), Message(role="user", content="Add 1 and 2."))
PROMPTS = (
    ENDING,
    "for x in",
    "x",
    "class Stack:\n    def __init__(self):\n        self.items = []\n",
    "import sys\nprint(sys.argv)\n",
    "1+1",
)
"""Of several lengths, one of them a single token."""


def plan_of(prompts, n=1):
    """Return n requests for each prompt, all with seeds of their own."""
    return [
        Request(task_id=f"task {place}", index=index, prompt=prompt, seed=100 * place + index)
        for place, prompt in enumerate(prompts)
        for index in range(n)
    ]


def drawn(engine, plan, sampling, missing=None):
    """Return the completions by key, and fail if one comes twice."""
    found = {}
    for request, completion in engine.generate(plan, {r.key for r in plan} if missing is None else missing, sampling):
        assert request.key not in found
        found[request.key] = completion
    return found
