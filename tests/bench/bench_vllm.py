"""The backend vllm is within 5 % of vLLM's own `LLM.generate`, given the same list of requests.

Run it with the environment of `make test-vllm`. Two engines of one model in one process are asked in turn, twenty
times; both draw the same samples, so they do the same work. An engine that isn't asked is idle. The medians are
compared; on a busy machine they say little.
"""

import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.generation.backend import Engine, Request
from harness.generation.backends.vllm import vllm
from harness.runs.records import Sampling

sys.path.insert(0, str(Path(__file__).parents[1] / "harness"))
import tiny_model

FLOOR = 0.95
ROUNDS = 20
PROMPTS, N, TOKENS = 64, 10, 48
SAMPLING = Sampling(n=N, temperature=0.8, top_p=0.95, max_tokens=TOKENS, stop=(), seed=0)
OPTIONS = {"dtype": "float32", "enforce_eager": True, "enable_chunked_prefill": False}
"""The last for vLLM by itself: see harness/generation/backends/vllm.py."""


def requests_of_round(number: int) -> list[Request]:
    """Return ten requests for each of 64 prompts that no earlier round had."""
    texts = ["".join(tiny_model.CORPUS[: 1 + place % 6]) + f"{number} {place}" for place in range(PROMPTS)]
    return [
        Request(task_id=str(place), index=index, prompt=text, seed=N * place + index)
        for place, text in enumerate(texts)
        for index in range(N)
    ]


def directly(llm: Any, plan: Sequence[Request]) -> tuple[float, list[str]]:
    """Return the seconds that vLLM takes by itself, and the texts."""
    from vllm import SamplingParams  # noqa: PLC0415 - not in every environment

    started_s = time.perf_counter()
    outputs = llm.generate(
        [request.prompt for request in plan],
        [SamplingParams(temperature=0.8, top_p=0.95, seed=request.seed, max_tokens=TOKENS) for request in plan],
        use_tqdm=False,
    )
    return time.perf_counter() - started_s, [output.outputs[0].text for output in outputs]


def through_backend(engine: Engine, plan: Sequence[Request]) -> tuple[float, list[str]]:
    """Return the seconds that the backend takes, and the texts."""
    started_s = time.perf_counter()
    found = {
        request.key: completion.text for request, completion in engine.generate(plan, {r.key for r in plan}, SAMPLING)
    }
    return time.perf_counter() - started_s, [found[request.key] for request in plan]


def main() -> int:
    """Measure both in turn and print the ratio."""
    if not importlib.util.find_spec("vllm"):
        print("skipped: vLLM is not here; run this with .venv-vllm/bin/python after `make test-vllm`")
        return 0
    os.environ |= {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_LOGGING_LEVEL": "WARNING"}
    from vllm import LLM  # noqa: PLC0415 - not in every environment

    with tempfile.TemporaryDirectory() as scratch:
        folder = str(tiny_model.build(Path(scratch)))
        llm = LLM(model=folder, **OPTIONS)
        with vllm.load(folder, OPTIONS) as engine:
            directly(llm, requests_of_round(-1))
            through_backend(engine, requests_of_round(-1))
            direct_s, backend_s, different = [], [], 0
            for number in range(ROUNDS):
                plan = requests_of_round(number)
                asked = [lambda plan: directly(llm, plan), lambda plan: through_backend(engine, plan)]
                swapped = number % 2
                taken = [ask(plan) for ask in (reversed(asked) if swapped else asked)]
                (seconds, texts), (backend_seconds, others) = reversed(taken) if swapped else taken
                direct_s.append(seconds)
                backend_s.append(backend_seconds)
                different += sum(one != other for one, other in zip(texts, others, strict=True))
    direct, through = statistics.median(direct_s), statistics.median(backend_s)
    ratio = direct / through
    print(
        f"{PROMPTS} prompts with n = {N}: the backend makes {ratio:.1%} of the tokens a second of LLM.generate "
        f"(at least {FLOOR:.0%}); medians {direct:.2f} s directly, {through:.2f} s backend; "
        f"fastest rounds {min(direct_s):.2f} s, {min(backend_s):.2f} s; {different} texts differ"
    )
    return 0 if ratio >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
