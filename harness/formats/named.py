"""Names the samples that a format yields: tasks get their ids, policies names, indexes numbers."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args

from harness.errors import UserError
from harness.formats.given import GivenSample, SampleSource, text_of
from harness.formats.other_problems import OtherProblems
from harness.runs.python_json import encoded
from harness.runs.records import FinishReason, Sample
from harness.runs.row_store import Place, SampleIndex
from sandbox.printable import one_line

_NO_TEXT = "samples hold no text and count as without a program"
_LARGEST_INDEX = 1 << 62
_CUT_OFF = frozenset({"length", "max_tokens", "model_length"})
_LONGEST_LABEL = 200
_NUMBERED = frozenset({"humaneval", "mbpp"})
"""Benchmarks whose ids may be bare numbers, and whose problems all have a function by which to tell them apart."""
_REMEMBERED = 100_000
"""Ways to write ids that are known; a benchmark has fewer tasks."""


class NamedSamples:
    """Names the samples of a source, and notes the verdicts that came with them."""

    def __init__(self, source: SampleSource, read: Callable[[SampleSource], Iterator[GivenSample]], title: str) -> None:
        """Begin with no sample.

        Args:
            source: the file or folder.
            read: yields its samples; may be called again.
            title: of its format, for errors.
        """
        self._source, self._read, self._title = source, read, title
        self._tasks = dict[Any, str]()
        self._where = ""
        self._others: OtherProblems | None = None
        self.recorded = SampleIndex()
        """Verdicts of another tool: line 1 is right, 0 is wrong."""

    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples, in their order."""
        for where, sample, passed in self._placed():
            self._where = where
            if isinstance(passed, bool):
                self.recorded.add(sample.key, Place(int(passed), 0))
            yield sample
        if self._others:
            self._others.refuse(self._source.name, None)

    def occurs_twice(self, sample: Sample) -> UserError:
        """Return the error that says of the sample that came last where its key occurred before.

        Args:
            sample: that came last.
        """
        where = self._where
        earlier = next((place for place, other, _ in self._placed() if other.key == sample.key), "an earlier row")
        return UserError(
            f"{where}: sample {sample.index} of task {sample.task_id} by {sample.policy} is already at {earlier}; "
            "remove one of them, or let sample_id number them"
        )

    def _placed(self) -> Iterator[tuple[str, Sample, Any]]:
        self._source.remarks.clear()
        counted = Counter[tuple[str, str]]()
        for given in self._read(self._source):
            policy = _policy(given.policy) or self._source.stem
            task_id = self._task_id(given)
            key = policy, task_id
            texts = given.completion if _is_texts(given.completion) else (given.completion,)
            index = _index(given.index) if len(texts) == 1 else None
            verdicts = given.passed if isinstance(given.passed, list) else [given.passed]
            for number, content in enumerate(texts):
                sample = self._sample(given, content, policy, task_id, counted[key] if index is None else index)
                counted[key] += 1
                if self._source.benchmark.name in _NUMBERED and _is_number(given.task):
                    self._count_other(sample)
                yield given.where, sample, verdicts[number] if number < len(verdicts) else None

    def _count_other(self, sample: Sample) -> None:
        """Look whether a sample whose task is a bare number, maybe of another set, answers that task."""
        if self._others is None:
            self._others = OtherProblems(self._source.problems)
        self._others.count(sample.task_id, sample.completion)

    def _sample(self, given: GivenSample, content: Any, policy: str, task_id: str, index: int) -> Sample:
        text = content if isinstance(content, str) else text_of(content)
        if text is None:
            self._source.remark(_NO_TEXT, given.where)
        return Sample(
            policy=policy,
            task_id=task_id,
            index=index,
            completion=text or "",
            prompt=given.prompt if isinstance(given.prompt, str) else _chat(given.prompt),
            seed=_whole(given.seed),
            finish_reason=_ended(given.ended) if given.ended else "",
            prompt_tokens=_index(given.prompt_tokens),
            tokens=_index(given.tokens),
        )

    def _task_id(self, given: GivenSample) -> str:
        """Return the benchmark's id of a task, of the ids that a sample may mean."""
        is_plain = type(given.task) in {str, int, tuple}  # True would find the task 1
        if is_plain and (remembered := self._tasks.get(given.task)):
            return remembered
        written = given.task if isinstance(given.task, tuple) else (given.task,)
        ids = [self._source.benchmark.canonical_id(_id(one)) for one in written]
        task_id = next((one for one in ids if one in self._source.known), None)
        if task_id is None:
            self._refuse_left_out(ids[0], given.where)
            raise self._unknown(str(_id(written[0])), given.where)
        if is_plain and len(self._tasks) < _REMEMBERED:
            self._tasks[given.task] = task_id
        return task_id

    def _refuse_left_out(self, task_id: str, where: str) -> None:
        """Raise UserError where the benchmark knows why it left a problem out."""
        try:
            self._source.problems[task_id]
        except UserError as error:
            raise UserError(f"{where}: {error}") from error
        except KeyError:
            pass

    def _unknown(self, task_id: str, where: str) -> UserError:
        ids = tuple(self._source.known)
        return UserError(
            f"{where}: {self._source.benchmark.name} has no task {task_id[:_LONGEST_LABEL]!r}; the {len(ids)} loaded "
            f"run from {ids[0]!r} to {ids[-1]!r}: check --benchmark and --data (read as {self._title})"
        )


def _is_number(task: Any) -> bool:
    return isinstance(task, int) or (isinstance(task, str) and task.isdecimal())


def _is_texts(content: Any) -> bool:
    return isinstance(content, list) and len(content) > 0 and all(isinstance(text, str) for text in content)


def _id(given: Any) -> str | int:
    """Return an id as text or number: 2.0 is 2, and what is neither is its JSON."""
    if isinstance(given, str) or (isinstance(given, int) and not isinstance(given, bool)):
        return given if isinstance(given, str) or abs(given) < _LARGEST_INDEX else "a number of many digits"
    if isinstance(given, float) and given.is_integer():
        return int(given)
    return encoded(given).decode() if not isinstance(given, float) else repr(given)


def _policy(given: Any) -> str:
    """Return the name of a model in one readable line, "" where there is none."""
    if given is None or isinstance(given, float | bool | list | dict):
        return ""
    return one_line(str(given)[:_LONGEST_LABEL] if isinstance(given, str) else str(_id(given)))


def _index(given: Any) -> int | None:
    """Return a count from 0 as a number; None where it is something else, such as a label."""
    if isinstance(given, str) and given.isascii() and given.isdecimal() and len(given) < 18:
        return int(given)
    whole = _whole(given)
    return whole if whole is not None and 0 <= whole < _LARGEST_INDEX else None


def _whole(given: Any) -> int | None:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    if isinstance(given, int):
        return given if given.bit_length() <= 1024 else None
    return int(given) if math.isfinite(given) and given.is_integer() and abs(given) < 1 << 53 else None


def _ended(given: Any) -> FinishReason | Literal[""]:
    if not isinstance(given, str):
        return ""
    if given in _CUT_OFF:
        return "length"
    return next((reason for reason in get_args(FinishReason) if reason == given), "")


def _chat(prompt: Any) -> str:
    """Return messages as the text that our own samples hold; "" where there are none, for no prompt is judged."""
    if not isinstance(prompt, list) or not all(isinstance(message, dict) and "role" in message for message in prompt):
        return ""
    messages = [{"role": message["role"], "content": message.get("content")} for message in prompt]
    return json.dumps(messages, separators=(",", ":"), ensure_ascii=False)
