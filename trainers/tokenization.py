"""What a text is for a policy: its own tokenizer, from the file that lies beside its weights."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import UserError
from trainers.groups import Group

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

TOKENIZER_FILE = "tokenizer.json"


class Encoded(NamedTuple):
    """A group in tokens."""

    prompt: tuple[int, ...]
    completions: tuple[tuple[int, ...], ...]
    """Each with the token of the end."""


def encode(group: Group, tokenizer: "PreTrainedTokenizerBase") -> Encoded:
    """Return the tokens of a group.

    Prompt and completion are tokenized apart, so that the policy learns to go on from the very tokens that it is given
    in an examination, where nothing of the completion is there yet to merge with the prompt's last token.

    Raises:
        UserError: The tokenizer knows no token of the end, or the prompt is empty: then nothing predicts the
            completion's first token.
    """
    end = tokenizer.eos_token_id
    if end is None:
        raise UserError("the model's tokenizer has no eos_token, so a completion could not end; set one in its files")
    prompt = tuple(tokenizer(group.prompt)["input_ids"])
    if not prompt:
        raise UserError(f"problem {group.problem_id}: its prompt is empty; leave its groups out")
    completions = tokenizer(list(group.completions), add_special_tokens=False)["input_ids"]
    return Encoded(prompt, tuple((*completion, end) for completion in completions))


def token_counter(path: Path) -> Callable[[str], int]:
    """Return what counts the tokens of a text, special tokens apart; it can be sent to other processes.

    Args:
        path: A `tokenizer.json`, or a folder that holds one.

    Raises:
        UserError: The library tokenizers is not installed, or the file is missing or of another kind.
    """
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - only the extra `train` has it
    except ModuleNotFoundError as error:
        raise UserError("--tokenizer needs the library tokenizers; pip install 'proctor[train]'") from error
    text = _read(path)
    try:
        return partial(_count, Tokenizer.from_str(text))
    except Exception as error:  # the library raises nothing narrower
        raise UserError(f"{path}: is no tokenizer.json ({error}); name that of the policy") from error


def tokenizer_sha256(path: Path) -> str:
    """Return the SHA-256 of the file that `token_counter` reads."""
    return hashlib.sha256(_read(path).encode()).hexdigest()


def _read(path: Path) -> str:
    try:
        return (path / TOKENIZER_FILE if path.is_dir() else path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}; --tokenizer names a tokenizer.json") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is no text, so no tokenizer.json; name that of the policy") from error


def _count(tokenizer: "Tokenizer", text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False).ids)
