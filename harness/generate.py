"""Problems -> samples: every sample is drawn once, however often the run is killed and started again."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.backend import Completion, Engine, Request
from harness.errors import UserError
from harness.prompts import Prompt
from harness.records import Sample, Sampling
from harness.sample_file import SampleFile
from harness.storage import append, as_row, resume, whole_file

_SEED_BITS = 53
"""What every language reads exactly from JSON."""


def plan_of(prompts: Mapping[str, Prompt], sampling: Sampling) -> tuple[Request, ...]:
    """Return every request of a run: `sampling.n` for each task, the tasks in their order."""
    return tuple(
        Request(task_id=task_id, index=index, prompt=prompt, seed=seed_of(sampling.seed, task_id, index))
        for task_id, prompt in prompts.items()
        for index in range(sampling.n)
    )


def seed_of(seed: int, task_id: str, index: int) -> int:
    """Return the seed of one sample: the first 53 bits of the SHA-256 of `[seed,"task_id",index]`.

    So it depends neither on the order in which samples are drawn nor on which other tasks are.
    """
    digest = hashlib.sha256(msgspec.json.encode((seed, task_id, index))).digest()
    return int.from_bytes(digest) >> (8 * len(digest) - _SEED_BITS)


def as_text(prompt: Prompt) -> str:
    """Return a prompt as it stands in a sample: the text, or for a chat the JSON list of its messages."""
    return prompt if isinstance(prompt, str) else msgspec.json.encode(prompt).decode()


def missing_of(path: Path, plan: Sequence[Request], policy: str) -> frozenset[tuple[str, int]]:
    """Return the keys of the requests that the file of samples doesn't answer; a line that a kill left half is cut off.

    Raises:
        UserError: The file holds what doesn't answer this plan.
    """
    seeds = {request.key: request.seed for request in plan}
    for sample in resume(path, Sample):
        expected = seeds.pop((sample.task_id, sample.index), None)
        if expected is None or sample.seed != expected or sample.policy != policy:
            raise UserError(f"{path}: {sample.key} is no sample of this run, or is there twice; choose another --out")
    return frozenset(seeds)


def generate(
    engine: Engine,
    plan: Sequence[Request],
    missing: frozenset[tuple[str, int]],
    file: BinaryIO,
    *,
    sampling: Sampling,
    policy: str,
) -> Iterator[Sample]:
    """Draw what is missing of the plan, and yield each sample when it has been appended to the file.

    Raises:
        UserError: The engine can't do what is asked.
        Unavailable: The engine went away; what was drawn is kept.
    """
    remaining = set(missing)
    for request, completion in engine.draw(plan, missing, sampling) if missing else ():
        if request.key in remaining:
            remaining.remove(request.key)
            sample = _sample(request, completion, policy)
            append(file, sample)
            yield sample
    if remaining:
        raise RuntimeError(f"{engine.producer.backend} left out {len(remaining)} samples, {min(remaining)} for one")


def put_in_order(path: Path, plan: Sequence[Request], policy: str) -> None:
    """Bring the file of samples into the order of the plan, so that it doesn't tell in which order an engine works."""
    samples = SampleFile(path)
    keys = [(policy, *request.key) for request in plan]
    if list(samples) != keys:
        with whole_file(path) as file:
            for key in keys:
                file.write(as_row(samples[key]))


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
    )
