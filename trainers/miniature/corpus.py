"""What the base learns from: prompts with programs as they lie about, right ones and others."""

from collections.abc import Iterable, Iterator
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.benchmarks.miniature import problem_of
from harness.miniature.submissions import glance
from harness.miniature.tasks import tasks
from harness.prompts import load_card, render

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY = 512
TASKS = 6000
PROGRAMS_PER_TASK = 3


class Row(NamedTuple):
    """A prompt, as the benchmark puts it, and a program."""

    prompt: str
    program: str


def corpus(seed: int, size: int = TASKS) -> Iterator[Row]:
    """Yield what the base learns from: tasks of the train split only."""
    rng = Random(seed)  # noqa: S311 - drawing examples, not keys
    card = load_card("apps")
    for task in islice(tasks("train", seed), size):
        prompt = str(render(card, problem_of(task, "", "train"), {}))  # the card has no messages: this is its text
        yield from (Row(prompt, glance(task, rng)) for _ in range(PROGRAMS_PER_TASK))


def tokenizer_for(rows: Iterable[Row]) -> "PreTrainedTokenizerFast":
    """Return a tokenizer of the Qwen2 kind, which takes digits one by one; equal rows give equal tokens."""
    from transformers import Qwen2Tokenizer  # noqa: PLC0415 - extra `train`

    texts = (row.prompt + row.program for row in rows)
    untrained: Any = Qwen2Tokenizer()  # whose training has no types
    tokenizer: PreTrainedTokenizerFast = untrained.train_new_from_iterator(
        texts, vocab_size=VOCABULARY, show_progress=False
    )
    return tokenizer
