"""Generates samples, each once across any number of kills and restarts, and judges them meanwhile."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from harness.errors import UserError
from harness.generation.backend import Completion, Engine, Request
from harness.generation.prompts import Prompt, as_text
from harness.runs.jsonl import append, as_row, resume, whole_file
from harness.runs.python_json import decode
from harness.runs.records import Evaluation, Repetition, Sample, Sampling
from harness.runs.row_store import SampleFile

_SEED_BITS = 53
"""What every language reads exactly from JSON."""


def requests_of(prompts: Mapping[str, Prompt], sampling: Sampling) -> tuple[Request, ...]:
    """Return every request of a run: `sampling.n` for each task, the tasks in their order.

    Args:
        prompts: task id -> prompt.
        sampling: its `n` is the number of requests for each task, its seed that of the run.

    Returns:
        Requests by task, then by index from 0.
    """
    return tuple(
        Request(task_id=task_id, index=index, prompt=prompt, seed=seed_of(sampling.seed, task_id, index))
        for task_id, prompt in prompts.items()
        for index in range(sampling.n)
    )


def seed_of(seed: int, task_id: str, index: int) -> int:
    """Return the seed of one sample: the first 53 bits of the SHA-256 of `[seed,"task_id",index]`.

    So it depends neither on the order in which samples are generated nor on which other tasks are.

    Args:
        seed: of the run.
        task_id: of the sample.
        index: of the sample, from 0.

    Returns:
        At least 0, below 2^53.
    """
    digest = hashlib.sha256(msgspec.json.encode((seed, task_id, index))).digest()
    return int.from_bytes(digest) >> (8 * len(digest) - _SEED_BITS)


def missing_of(path: Path, plan: Sequence[Request], policy: str) -> frozenset[tuple[str, int]]:
    """Return the keys of the requests that the file of samples doesn't answer; a line that a kill left half is cut off.

    Args:
        path: of the file of samples, which need not exist.
        plan: every request of the run.
        policy: that the samples are by.

    Returns:
        (task id, index) of each.

    Raises:
        UserError: The file holds what doesn't answer this plan.
    """
    seeds = {request.key: request.seed for request in plan}
    for sample in resume(path, Sample):
        expected = seeds.pop((sample.task_id, sample.index), None)
        if expected is None or sample.seed != expected or sample.policy != policy:
            raise UserError(f"{path}: {sample.key} is not a sample of this run, or occurs twice; choose another --out")
    return frozenset(seeds)


def complete_requests(
    engine: Engine,
    plan: Sequence[Request],
    missing: frozenset[tuple[str, int]],
    file: BinaryIO,
    *,
    sampling: Sampling,
    policy: str,
) -> Iterator[Sample]:
    """Answer the missing requests of a plan, and append each sample to a file.

    Args:
        engine: a loaded model.
        plan: every request of the run.
        missing: keys of the requests that have no sample yet.
        file: open for appending.
        sampling: its settings.
        policy: that the samples are by.

    Yields:
        Each sample, once it is in the file, in the engine's order.

    Raises:
        UserError: The engine can't do what is requested.
        Unavailable: The engine went away; what was generated is kept.
        RuntimeError: The engine left out a request.
    """
    remaining = set(missing)
    for request, completion in engine.generate(plan, missing, sampling) if missing else ():
        if request.key in remaining:
            remaining.remove(request.key)
            sample = _sample(request, completion, policy)
            append(file, sample)
            yield sample
    if remaining:
        raise RuntimeError(f"{engine.producer.backend} left out {len(remaining)} samples, such as {min(remaining)}")


def put_in_order(path: Path, plan: Sequence[Request], policy: str) -> SampleFile:
    """Bring the file of samples into the order of the plan, so that the engine's order leaves no trace.

    Args:
        path: of the file.
        plan: every request, all of them answered.
        policy: that the samples are by.

    Returns:
        The samples.
    """
    samples = SampleFile(path)
    keys = [(policy, *request.key) for request in plan]
    if list(samples) == keys:
        return samples
    with whole_file(path) as file:
        for key in keys:
            file.write(as_row(samples[key]))
    return SampleFile(path)


def equal_samples(samples: SampleFile) -> Repetition:
    """Count the problems whose samples are all equal.

    Args:
        samples: of one policy, those of a problem in sequence.

    Returns:
        The count, and that of the problems with several samples.
    """
    several = equal = 0
    for _, of_task in groupby(samples.rows(), key=lambda sample: sample.task_id):
        texts = [sample.completion for sample in of_task]
        several += len(texts) > 1
        equal += len(texts) > 1 and len(set(texts)) == 1
    return Repetition(problems=several, equal=equal)


def _sample(request: Request, completion: Completion, policy: str) -> Sample:
    return Sample(
        policy=policy,
        task_id=request.task_id,
        index=request.index,
        completion=completion.text,
        prompt=as_text(request.prompt),
        seed=request.seed,
        finish_reason=completion.finish_reason,
        prompt_tokens=completion.prompt_tokens,
        tokens=completion.tokens,
        log_prob=completion.log_prob,
    )


Judge = Callable[[Iterator[Sample], Future[None]], Iterator[Evaluation]]
"""Judges samples, and stops at once when the future has a result."""


class BackgroundJudge:
    """Judges the rows of a file on a thread of its own, each when it is announced.

    The thread that generates keeps the signals and the device; this one waits for processes most of the time. Announced
    rows are read again from the file, so however far the judge falls behind, it costs no memory.
    """

    def __init__(self, path: Path, judge: Judge) -> None:
        """Take the file of samples, and what judges them."""
        self._path = path
        self._judge = judge
        self._arrivals = SimpleQueue[bool]()
        """True for each row that is there, False where no more will come."""
        self._judged = SimpleQueue[bool]()
        """True for each row that was judged, False at the end."""
        self._halt = Future[None]()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="judging")

    def __enter__(self) -> Self:
        """Start to judge."""
        self._work = self._thread.submit(self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop at once: what has been announced and not judged is left to a later run."""
        self._halt.set_result(None)
        self._arrivals.put(False)
        self._thread.shutdown()

    def announce(self, rows: int = 1) -> None:
        """Announce rows that are in the file now; raise what went wrong with those before.

        Args:
            rows: how many more there are.
        """
        for _ in range(rows):
            self._arrivals.put(True)
        if self._work.done():
            self._work.result()

    @property
    def judged(self) -> int:
        """Return how many rows have been judged."""
        return self._judged.qsize()

    def rest(self) -> Iterator[bool]:
        """Say that no more rows will come, and yield once for each that is judged from now on.

        What went wrong is raised at the end.
        """
        self._arrivals.put(False)
        for _ in range(self._judged.qsize()):
            if not self._judged.get():
                break
        else:
            yield from iter(self._judged.get, False)
        self._work.result()

    def _run(self) -> None:
        try:
            for _ in self._judge(self._announced(), self._halt):
                self._judged.put(True)
        finally:
            self._judged.put(False)

    def _announced(self) -> Iterator[Sample]:
        with self._path.open("rb") as file:
            while self._arrivals.get():
                yield decode(file.readline(), Sample, str(self._path))
