"""What the base learns from: prompts with programs as they lie about, right ones and others."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from harness.benchmarks.miniature import problem_of
from harness.miniature.submissions import glance
from harness.miniature.tasks import tasks
from harness.prompts import load_card, render

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = 512
END = "<|endoftext|>"
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


def tokenizer_for(rows: Sequence[Row]) -> "Tokenizer":
    """Return a byte-level BPE trained on the rows, with a token for each digit; equal rows give equal bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: PLC0415 - extra `train`

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((row.prompt + row.program for row in rows), trainer)
    return tokenizer


def write_tokenizer(folder: Path, tokenizer: "Tokenizer") -> None:
    """Write the tokenizer as Hugging Face's libraries load it."""
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END, "pad_token": END}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
