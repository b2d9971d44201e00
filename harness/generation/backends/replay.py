"""Replays the samples of a file as if a model generated them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import UserError, no_such
from harness.formats.read import read_recorded
from harness.generation.backend import Backend, Completion, Engine, Generated, Request
from harness.runs.jsonl import sha256_of_file, unpacked
from harness.runs.records import Producer, Sample, Sampling
from harness.runs.run_names import run_path


class _Recording:
    def __init__(self, path: Path, policy: str, samples: Mapping[tuple[str, int], Sample]) -> None:
        self._path = path
        self._policy = policy
        self._samples = samples

    @property
    def producer(self) -> Producer:
        return Producer(
            backend="replay",
            model=str(self._path),
            weights=sha256_of_file(self._path),
            dtype="",
            versions={},
            options={"policy": self._policy} if self._policy else {},
            repeatable="yes",
        )

    def generate(
        self, plan: Sequence[Request], missing: Collection[tuple[str, int]], sampling: Sampling
    ) -> Iterator[Generated]:
        """Answer from the recording, in the order of the plan, under any sampling."""
        del sampling
        wanted = [request for request in plan if request.key in missing]
        for task_id, index in (request.key for request in wanted):
            if (task_id, index) not in self._samples:
                raise UserError(
                    f"{self._path}: has no sample {index} of task {task_id}; replay fewer with --n, --limit or --split"
                )
        for request in wanted:
            yield Generated(request, _completion(self._samples[request.key]))


def _completion(sample: Sample) -> Completion:
    return Completion(
        text=sample.completion,
        finish_reason=sample.finish_reason or "stop",
        prompt_tokens=sample.prompt_tokens,
        tokens=sample.tokens,
    )


@contextmanager
def load(model: str, options: Mapping[str, Any]) -> Iterator[Engine]:
    """Load recorded samples.

    Args:
        model: path of a file of samples, plain or .gz, or of the folder of a run.
        options: `policy` names one of several policies in the file.

    Yields:
        An engine that repeats these samples.

    Raises:
        UserError: They can't be read, are of several policies of which none is named, or an option is unknown.
    """
    if unknown := sorted(set(options) - {"policy"}):
        raise no_such("option", unknown[0], ["policy"], where="replay")
    path = _file_of(model)
    policy = str(options.get("policy", ""))
    samples = [sample for sample in read_recorded(path) if policy in {"", sample.policy}]
    policies = tuple(dict.fromkeys(sample.policy for sample in samples))
    if not samples:
        raise UserError(f"{path}: holds no samples{f' of {policy}' if policy else ''}; nothing to replay")
    if len(policies) > 1:
        raise UserError(f"{path}: holds samples of {', '.join(policies)}; choose one with --option policy=NAME")
    yield _Recording(path, policy, {(sample.task_id, sample.index): sample for sample in samples})


def refuse_unreadable(model: str) -> None:
    """Refuse a path without recorded samples.

    Args:
        model: as in `load`.

    Raises:
        UserError: There is no such file.
    """
    with unpacked(_file_of(model)):
        pass


def _file_of(model: str) -> Path:
    path = run_path(Path(model))
    return path / "samples.jsonl" if path.is_dir() else path


replay = Backend(
    name="replay", load=load, check=refuse_unreadable, about="Samples from a file, answered by task and index."
)
