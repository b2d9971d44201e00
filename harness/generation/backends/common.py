"""Turns prompts into tokens, tokens into text and requests into batches, for every backend that runs a model itself."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from harness.errors import UserError
from harness.generation.backend import Completion, Request, cut_at_stop
from harness.generation.prompts import Prompt

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

T = TypeVar("T", bound=msgspec.Struct)


def options_of(backend: str, given: Mapping[str, Any], type_: type[T]) -> T:
    """Return the options that were given with --option.

    Args:
        backend: its name, for errors.
        given: option -> value; numbers may be texts.
        type_: of the options, with their defaults.

    Returns:
        The options, checked.

    Raises:
        UserError: An option is unknown, of another type, or makes no sense.
    """
    try:
        return msgspec.convert(given, type_, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(type_.__struct_fields__)
        raise UserError(f"--option of the backend {backend}: {error}; it takes {known}") from None


class PromptedRow(NamedTuple):
    """Holds a request, the tokens of its prompt, and the most that may be generated."""

    request: Request
    prompt: tuple[int, ...]
    limit: int


Batch = tuple[PromptedRow, ...]


def batches(rows: Iterable[PromptedRow], size: int) -> Iterator[Batch]:
    """Cut rows into batches of at most `size` with one limit each, always the same ones, longest prompts first.

    So prompts of a batch are of similar length, memory runs out at once if it does at all, and those of a prompt, which
    are in sequence, are parted only where they are more than `size`.

    Args:
        rows: of the whole plan.
        size: most rows of a batch, at least 1.

    Yields:
        Batches that hold every row once.
    """
    for _, alike in groupby(sorted(rows, key=lambda row: -len(row.prompt)), key=lambda row: row.limit):
        batch: Batch = ()
        for _, of_prompt in groupby(alike, key=lambda row: (row.request.task_id, row.prompt)):
            for piece in pieces(tuple(of_prompt), size):
                if len(batch) + len(piece) > size:
                    yield batch
                    batch = ()
                batch += piece
        yield batch


def pieces(batch: Batch, size: int) -> tuple[Batch, ...]:
    """Cut a batch into those of at most `size`.

    Args:
        batch: of any size.
        size: most rows of a piece, at least 1.

    Returns:
        The pieces, in the order of the rows; only the last may be smaller.
    """
    return tuple(batch[start : start + size] for start in range(0, len(batch), size))


class Tokens:
    """Tokenizes prompts and completions for a model with a context of a certain length."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", context: int) -> None:
        """Take both from a model."""
        self._tokenizer, self.context = tokenizer, context
        self._known = dict[Prompt, tuple[int, ...]]()

    def of(self, prompt: Prompt) -> tuple[int, ...]:
        """Return the tokens of a prompt; a chat is rendered by the model's template, up to where the answer begins.

        Args:
            prompt: a text, or the messages of a chat.

        Returns:
            At least one token; kept for the other samples of the prompt.

        Raises:
            UserError: The model has no template for chats, or one that refuses this chat; or there is no token.
        """
        if prompt not in self._known:
            self._known[prompt] = self._tokenized(prompt)
        return self._known[prompt]

    def rows(self, plan: Iterable[Request], max_tokens: int) -> Iterator[PromptedRow]:
        """Yield the requests with the tokens of their prompts.

        Args:
            plan: the requests.
            max_tokens: the most that each may generate; less where the context leaves less room.

        Yields:
            A row a request, in their order; its limit is 0 or less where the prompt leaves no room.

        Raises:
            UserError: As in `of`.
        """
        for request in plan:
            prompt = self.of(request.prompt)
            yield PromptedRow(request, prompt, min(self.context - len(prompt), max_tokens))

    def _tokenized(self, prompt: Prompt) -> tuple[int, ...]:
        if isinstance(prompt, str):
            tokens = self._tokenizer(prompt)["input_ids"]
        else:
            tokens = self._chat_tokens(msgspec.to_builtins(prompt))
        if not tokens:
            raise UserError("a prompt is empty, so there is nothing to continue; choose another prompt card")
        return tuple(tokens)

    def _chat_tokens(self, messages: list[dict[str, str]]) -> list[int]:
        from jinja2 import TemplateError  # noqa: PLC0415 - an extra

        if not self._tokenizer.chat_template:
            raise UserError("the model has no chat template; choose a prompt card without messages, or a chat model")
        try:
            tokens: Any = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
            return list(tokens)
        except TemplateError as error:
            raise UserError(
                f"the model's chat template refuses the prompt: {error}; choose a prompt card with other messages"
            ) from error

    def completion(
        self, prompt: tuple[int, ...], generated: Sequence[int], *, ended: bool, stop: Sequence[str]
    ) -> Completion:
        """Return the completion of the tokens generated after a prompt.

        Args:
            prompt: its tokens.
            generated: tokens, with the one that ended them if one did.
            ended: whether a token or stop string ended them, not the limit.
            stop: strings, the first of which cuts the text.

        Returns:
            The text behind the prompt, with both counts of tokens.
        """
        text, stopped = cut_at_stop(self._text_after(prompt, generated), stop)
        return Completion(
            text=text,
            finish_reason="stop" if ended or stopped else "length",
            prompt_tokens=len(prompt),
            tokens=len(generated),
        )

    def _text_after(self, prompt: tuple[int, ...], generated: Sequence[int]) -> str:
        """Return the text of tokens in their place: some tokenizers drop the space that a text begins with."""
        return self._text((*prompt, *generated))[len(self._text(prompt)) :]

    def _text(self, tokens: Sequence[int]) -> str:
        text: Any = self._tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(text)


def too_long(prompt: tuple[int, ...]) -> Completion:
    """Return the completion of a prompt that leaves no room for a single token.

    Args:
        prompt: its tokens.

    Returns:
        An empty text that ended by `context`.
    """
    return Completion(text="", finish_reason="context", prompt_tokens=len(prompt), tokens=0)


def context_of(config: "PreTrainedConfig") -> int:
    """Return how many tokens a model attends to, prompt and completion together.

    Args:
        config: of the model.

    Returns:
        `sys.maxsize` where the config names no limit.
    """
    length: Any = getattr(config.get_text_config(), "max_position_embeddings", None)
    return length or sys.maxsize
