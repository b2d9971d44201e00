"""Defines backends: each loads a model as an engine that generates completions."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec

from harness.generation.prompts import Prompt
from harness.runs.records import FinishReason, Producer, Sampling


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Requests one completion: `index` counts those of a task from 0; `seed` belongs to this one alone."""

    task_id: str
    index: int
    prompt: Prompt
    seed: int

    @property
    def key(self) -> tuple[str, int]:
        """Return what tells this request from every other of a run."""
        return self.task_id, self.index


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a completion. Token counts are the model's own, or None if a server doesn't report them."""

    text: str
    """Without the stop string that ended it."""
    finish_reason: FinishReason
    prompt_tokens: int | None
    tokens: int | None
    """Generated tokens, that of the end included."""
    log_prob: float | None = None
    """The sum of their log-probabilities by the model itself, at temperature 1 and without a nucleus; None where the
    backend doesn't give it, or the completion didn't end by the model's own end."""


class Generated(NamedTuple):
    """Pairs a request with its completion."""

    request: Request
    completion: Completion


class Engine(Protocol):
    """Generates with a model that is loaded."""

    @property
    def producer(self) -> Producer:
        """Return the identity of the model: part of a run's."""

    def generate(
        self, plan: Sequence[Request], missing: Collection[tuple[str, int]], sampling: Sampling
    ) -> Iterator[Generated]:
        """Generate what is missing and yield each completion as it comes, in any order.

        Args:
            plan: every request of the run, the requests of a task in sequence, whether answered before or not. An
                engine whose arithmetic depends on what is computed together cuts its batches from the whole plan, skips
                those of which nothing is missing, and generates the others whole: so a run that was killed goes on with
                the very samples that it would have made. What is yielded beside the missing is dropped.
            missing: keys of the requests that are to be answered. It doesn't change while this runs.
            sampling: its settings; at temperature 0, the likeliest token.

        Yields:
            Requests with their completions.

        Raises:
            UserError: The engine can't do what is requested, such as a chat without a chat template.
            Unavailable: The engine went away; what was yielded is kept.
        """


@runtime_checkable
class Tells(Protocol):
    """Tells more of its progress than the samples that come; an engine may."""

    @property
    def under_way(self) -> str:
        """Return how far it is with those that haven't come, in a few words; called from another thread."""


class Backend(msgspec.Struct, frozen=True, kw_only=True):
    """Names a way to reach models; register one under the entry-point group `proctor.backends`."""

    name: str
    load: Callable[[str, Mapping[str, Any]], AbstractContextManager[Engine]]
    """Load the model of that name under the options given with --option, and let go of it at the end. Raises UserError
    where there is no such model, an option is unknown, or the device isn't there."""
    check: Callable[[str], object] = str
    """Raise UserError where it is plain that there is no model of that name; takes no time, and loads nothing."""
    share: "Callable[[Sequence[str], Mapping[str, Any]], AbstractContextManager[Backend]] | None" = None
    """Load the base of several adapters once; return a backend that loads each of them over it. None where a backend
    can't. Raises UserError as `load` does, and where they have several bases."""
    about: str = ""
    """One line that says what it reaches."""


def cut_at_stop(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """Return the text before the first stop string in it, and whether there is one.

    Args:
        text: of a completion.
        stop: strings, none of them empty.

    Returns:
        The text, whole where it holds no stop string, and whether it was cut.
    """
    ends = [end for end in map(text.find, stop) if end >= 0]
    return (text[: min(ends)], True) if ends else (text, False)
