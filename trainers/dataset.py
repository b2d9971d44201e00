"""Prepares groups for training: tokens, weights, and an order that the seed alone decides."""

import hashlib
import random
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import UserError, install_command
from harness.generation.prompts import prompt_of
from harness.generation.tokens import Tokens
from trainers.config import TrainingOptions
from trainers.groups import Group, read_groups
from trainers.plan.flops import Lengths
from trainers.trainer import Weigh

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER_FILE = "tokenizer.json"


class Encoded(NamedTuple):
    """Holds a group as tokens."""

    prompt: tuple[int, ...]
    completions: tuple[tuple[int, ...], ...]
    """Each with the token of the end."""


def encode(group: Group, tokens: Tokens, end: int) -> Encoded:
    """Return the tokens of a group.

    The policy learns to go on from the very tokens that it is given in an examination, to tokens that give the text of
    the completion back.

    Args:
        group: Texts of prompt and completions.
        tokens: The policy's own.
        end: The token that ends a completion.

    Returns:
        Token ids of the prompt, and of each completion with the end last.

    Raises:
        UserError: The prompt is empty, so that nothing predicts a completion's first token, or the tokenizer doesn't
            give a completion back.
    """
    prompt = prompt_of(group.prompt)
    try:
        targets = tuple((*tokens.target(prompt, completion), end) for completion in group.completions)
        return Encoded(tokens.of(prompt), targets)
    except UserError as error:
        raise UserError(f"problem {group.problem_id}: {error}") from error


class Longest(NamedTuple):
    """Holds the tokens of the longest prompt with a completion and its end, and the problem that has it."""

    tokens: int
    problem_id: str


def group_lengths(group: Group, tokens: Tokens) -> Lengths:
    """Return the lengths of a group, and refuse what the tokenizer doesn't give back.

    Args:
        group: Texts of prompt and completions.
        tokens: The policy's own.

    Returns:
        Tokens of its prompt and of its completions, ends included.

    Raises:
        UserError: As of `encode`.
    """
    prompt, completions = encode(group, tokens, 0)
    return Lengths(prompt=len(prompt), completions=tuple(map(len, completions)))


def longest_sequence(groups: Iterable[Group], lengths: Iterable[Lengths]) -> Longest:
    """Find the longest prompt with a completion.

    Args:
        groups: All groups of a training.
        lengths: Those of each.

    Returns:
        The longest of all; 0 tokens without a group.
    """
    found = (
        Longest(one.prompt + max(one.completions), group.problem_id) for group, one in zip(groups, lengths, strict=True)
    )
    return max(found, default=Longest(0, ""))


def load_token_counter(path: Path) -> Callable[[str], int]:
    """Return a function that counts the tokens of a text.

    Args:
        path: A `tokenizer.json`, or a folder that holds one.

    Returns:
        A function from a text to its tokens, special ones not counted; it can be sent to other processes.

    Raises:
        UserError: The library tokenizers is not installed, or the file is missing or of another kind.
    """
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - only the extra `train` has it
    except ModuleNotFoundError as error:
        raise UserError(f"--tokenizer needs the library tokenizers; {install_command('proctor[train]')}") from error
    text = _read(path)
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # the library raises nothing narrower
        raise UserError(f"{path}: not a tokenizer.json ({error}); name the policy's") from error
    tokenizer.no_truncation()  # what an earlier use stored there would hide what is too long
    tokenizer.no_padding()
    return partial(_count, tokenizer)


def tokenizer_sha256(path: Path) -> str:
    """Return the SHA-256 of a tokenizer.

    Args:
        path: As for `load_token_counter`.

    Returns:
        64 hexadecimal digits.

    Raises:
        UserError: The file can't be read or is not UTF-8.
    """
    return hashlib.sha256(_read(path).encode()).hexdigest()


def _read(path: Path) -> str:
    try:
        return (path / TOKENIZER_FILE if path.is_dir() else path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}; --tokenizer names a tokenizer.json") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text, so not a tokenizer.json; name the policy's") from error


def _count(tokenizer: "Tokenizer", text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False).ids)


def examined_steps(total: int, options: TrainingOptions) -> tuple[int, ...]:
    """Return the steps before or after which the policy is examined, where it is: the start, every Nth, the end.

    Args:
        total: Steps of the training.
        options: `every` counts.

    >>> examined_steps(5, TrainingOptions(every=2))
    (0, 2, 4, 5)
    """
    return (*range(0, total, options.every), total)


def total_steps(groups: int, options: TrainingOptions) -> int:
    """Return the number of steps of a training on so many groups.

    Args:
        groups: Their number.
        options: `max_steps`, `epochs` and `batch_groups` count.

    Returns:
        `max_steps` where it is set; else groups times epochs over `batch_groups`, rounded up.

    >>> total_steps(115, TrainingOptions(epochs=1, batch_groups=2))
    58
    """
    if options.max_steps is not None:
        return options.max_steps
    return -(-groups * options.epochs // options.batch_groups)


def batch(step: int, groups: int, options: TrainingOptions) -> tuple[int, ...]:
    """Return the numbers of the groups of a step, counted from 0.

    The shuffles of the epochs follow one another without a gap, so every step has `batch_groups` groups: one may hold
    the end of an epoch and the start of the next, and the last of all is filled from the shuffle that would follow.

    Args:
        step: Counted from 0.
        groups: How many there are, at least one.
        options: `seed` and `batch_groups` count.

    Returns:
        `batch_groups` numbers below `groups`; one may occur again where shuffles meet.

    >>> sorted(batch(0, 4, TrainingOptions()) + batch(1, 4, TrainingOptions()))
    [0, 1, 2, 3]
    """
    places = range(step * options.batch_groups, (step + 1) * options.batch_groups)
    shuffled = {epoch: _shuffle(epoch, groups, options.seed) for epoch in {place // groups for place in places}}
    return tuple(shuffled[place // groups][place % groups] for place in places)


def _shuffle(epoch: int, groups: int, seed: int) -> list[int]:
    order = list(range(groups))
    random.Random(f"{seed}/{epoch}").shuffle(order)  # noqa: S311 - no secret
    return order


class Weighted(NamedTuple):
    """Pairs a group with its weights."""

    group: Group
    weights: tuple[float, ...]
    place: int = 0
    """Of the group in its file."""


def weighted_groups(path: Path, weigh: Weigh, options: TrainingOptions) -> tuple[Weighted, ...]:
    """Read the groups and weigh them.

    Without `unbalanced_groups` every group must have an accepted and a rejected member. With it, the
    groups of which the method can say nothing are left out.

    Args:
        path: Folder or file of the groups.
        weigh: The method's function from rewards to weights.
        options: Settings of the training.

    Returns:
        The groups with their weights, in the order of the file; at least one.

    Raises:
        UserError: There are no groups, one is unbalanced, or the method can't weigh one.
    """
    found = tuple(_weighted(read_groups(path), path, weigh, options))
    if not found:
        raise UserError(f"{path}: holds no group to train on; see the card beside it")
    return found


def _weighted(groups: Iterable[Group], path: Path, weigh: Weigh, options: TrainingOptions) -> Iterable[Weighted]:
    for number, group in enumerate(groups, 1):
        where = f"{path}: group {number} (problem {group.problem_id})"
        if not options.unbalanced_groups and not min(group.rewards) <= 0 < max(group.rewards):
            raise UserError(f"{where} lacks accepted or rejected members; allow it with --unbalanced-groups on")
        if len(group.log_probs) not in {0, len(group.rewards)}:
            raise UserError(f"{where} has {len(group.log_probs)} log-probabilities; compile the groups again")
        try:
            weights = weigh(group.rewards, options)
        except ValueError as error:
            if options.unbalanced_groups:
                continue
            raise UserError(f"{where}: {error}") from error
        yield Weighted(group, weights, number - 1)
