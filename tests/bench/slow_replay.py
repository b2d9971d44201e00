"""A backend for benchmarks: replays a recording, and takes its time over each sample, as a model does."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from harness.generation.backend import Backend, Engine, Generated, Request
from harness.generation.backends.replay import replay
from harness.runs.records import Producer, Sampling


class Slow:
    """An engine that waits before each sample of another; the waiting costs no processor time, as on a GPU."""

    def __init__(self, engine: Engine, delay_s: float) -> None:
        """Take the engine and the seconds a sample."""
        self._engine, self._delay_s = engine, delay_s

    @property
    def producer(self) -> Producer:
        """Return that of the engine."""
        return self._engine.producer

    def generate(
        self, plan: Sequence[Request], missing: Collection[tuple[str, int]], sampling: Sampling
    ) -> Iterator[Generated]:
        """Draw as the engine does, later."""
        for drawn in self._engine.generate(plan, missing, sampling):
            time.sleep(self._delay_s)
            yield drawn


@contextmanager
def load(model: str, options: Mapping[str, Any]) -> Iterator[Engine]:
    """Load the recording; the option `delay_s` is ours."""
    others = {key: value for key, value in options.items() if key != "delay_s"}
    with replay.load(model, others) as engine:
        yield Slow(engine, options["delay_s"])


slow_replay = Backend(name="slow-replay", load=load)
