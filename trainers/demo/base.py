"""Trains the base of the demo: a policy of the Qwen2 architecture that has seen right programs and wrong ones."""

import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM, get_linear_schedule_with_warmup
from transformers.utils import logging

from harness.generation.prompts import load_card, render_prompt
from harness.generation.threads import choose_threads
from harness.progress import watched
from harness.runs.jsonl import write_whole
from trainers.compile.provenance import hub_licence
from trainers.demo.submissions import LICENCE, glance
from trainers.demo.tasks import problem_of, tasks
from trainers.model_index import README_FILE

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY = 512
TASKS = 6000
PROGRAMS_PER_TASK = 3


class Example(NamedTuple):
    """Pairs a prompt of the benchmark with a program."""

    prompt: str
    program: str


def corpus(seed: int, size: int = TASKS) -> Iterator[Example]:
    """Yield the examples that the base learns from: tasks of the train split only.

    Args:
        seed: Seed of tasks and programs.
        size: Number of tasks.

    Yields:
        `PROGRAMS_PER_TASK` examples for each task, right ones and wrong ones.
    """
    rng = Random(seed)  # noqa: S311 - sampling examples, not keys
    card = load_card("apps")
    for task in islice(tasks("train", seed), size):
        # The card has no messages, so this is its text.
        prompt = str(render_prompt(card, problem_of(task, "", "train"), {}))
        yield from (Example(prompt, glance(task, rng)) for _ in range(PROGRAMS_PER_TASK))


def tokenizer_for(rows: Iterable[Example]) -> "PreTrainedTokenizerFast":
    """Return a tokenizer of the Qwen2 kind, which takes digits one by one.

    Args:
        rows: Examples to train it on; read once.

    Returns:
        A tokenizer of `VOCABULARY` tokens; equal rows give an equal one.
    """
    from transformers import Qwen2Tokenizer  # noqa: PLC0415 - extra `train`

    texts = (row.prompt + row.program for row in rows)
    untrained: Any = Qwen2Tokenizer()  # whose training has no types
    tokenizer: PreTrainedTokenizerFast = untrained.train_new_from_iterator(
        texts, vocab_size=VOCABULARY, show_progress=False
    )
    return tokenizer


STEPS = 500
"""Stops early on purpose: what comes after must have something to improve."""

BATCH = 32
_LEARNING_RATE = 3e-3
_WARMUP_SHARE = 0.05
_BATCHES_SORTED_TOGETHER = 20
_NO_LABEL = -100


SHIPPED = Path(__file__).parent / "weights"
"""The base as it was trained by `proctor miniature base --train`, in half precision."""


def write_shipped(out: Path) -> None:
    """Write the base that ships, in single precision.

    Args:
        out: Folder to write.
    """
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it has no types
    model = Qwen2ForCausalLM.from_pretrained(SHIPPED, dtype=torch.float32)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(SHIPPED).save_pretrained(out)
    _write_base_card(out)


def train_base(
    out: Path, seed: int, *, steps: int = STEPS, tasks: int = TASKS, dtype: torch.dtype = torch.float32
) -> None:
    """Train a base from random weights and write it in the Hugging Face layout.

    Args:
        out: Folder to write.
        seed: Decides the corpus, the first weights and the order; on one machine, equal seeds give equal weights.
        steps: Batches seen.
        tasks: Tasks in the corpus.
        dtype: Type of the weights in the file; training takes float32.
    """
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    rows = list(corpus(seed, tasks))
    tokenizer = tokenizer_for(rows)
    torch.manual_seed(seed)
    model = Qwen2ForCausalLM(_config(tokenizer.eos_token_id))
    choose_threads(model.num_parameters())
    for _ in watched(_steps(model, tokenizer, rows, seed, steps), steps, "trained", sys.stderr):
        pass
    torch.nn.Module.to(model, dtype)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    _write_base_card(out)


_CARD = f"""---
license: {hub_licence(LICENCE)}
library_name: transformers
pipeline_tag: text-generation
tags:
- "code"
- "proctor"
---

# base

The base of proctor's demo: the Qwen2 architecture with 0.85 million parameters, trained from scratch on generated
programs, right and wrong ones (`proctor miniature base`). It knows sixty families of small tasks and nothing else.
"""


def _write_base_card(out: Path) -> None:
    write_whole(out / README_FILE, _CARD.encode())


def _config(end: int) -> Qwen2Config:
    hidden = 128
    return Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=1024,
        initializer_range=hidden**-0.5,  # the usual 0.02 is for models ten times as wide
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=end,
    )


def _steps(
    model: Qwen2ForCausalLM, tokenizer: "PreTrainedTokenizerFast", rows: Sequence[Example], seed: int, steps: int
) -> Iterator[float]:
    """Take the steps, and yield the loss of each: the mean over the tokens of programs."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=_LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    warmup = round(_WARMUP_SHARE * steps)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, steps)  # type: ignore[no-untyped-call]  # it has no types
    batches = _batches(_encoded(tokenizer, rows), random.Random(seed))  # noqa: S311 - an order, no key
    model.train()
    for _, (tokens, labels) in zip(range(steps), batches, strict=False):
        hidden = model.model(tokens).last_hidden_state[:, :-1]
        wanted = labels[:, 1:]
        known = wanted != _NO_LABEL
        loss = cross_entropy(model.lm_head(hidden[known]), wanted[known])
        torch.autograd.backward(loss)
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        yield loss.item()


def _encoded(tokenizer: "PreTrainedTokenizerFast", rows: Sequence[Example]) -> list[tuple[list[int], list[int]]]:
    prompts = tokenizer([row.prompt for row in rows]).input_ids
    programs = tokenizer([row.program for row in rows]).input_ids
    return [(prompt, [*program, tokenizer.eos_token_id]) for prompt, program in zip(prompts, programs, strict=True)]


def _batches(
    rows: list[tuple[list[int], list[int]]], rng: random.Random
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield tokens and labels of one batch after the other, without end, shape (BATCH, T); alike lengths together."""
    while True:
        rng.shuffle(rows)
        batches = []
        for start in range(0, len(rows), BATCH * _BATCHES_SORTED_TOGETHER):
            together = sorted(rows[start : start + BATCH * _BATCHES_SORTED_TOGETHER], key=_length)
            batches += [together[first : first + BATCH] for first in range(0, len(together), BATCH)]
        rng.shuffle(batches)
        yield from map(_padded, batches)


def _length(row: tuple[list[int], list[int]]) -> int:
    prompt, program = row
    return len(prompt) + len(program)


def _padded(batch: Sequence[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(len(prompt) + len(program) for prompt, program in batch)
    tokens, labels = [], []
    for prompt, program in batch:
        padding = width - len(prompt) - len(program)
        tokens.append(prompt + program + [0] * padding)  # any token: it is behind all that count
        labels.append([_NO_LABEL] * len(prompt) + program + [_NO_LABEL] * padding)
    return torch.tensor(tokens), torch.tensor(labels)
