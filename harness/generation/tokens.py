"""Turns prompts and completions into a model's tokens, and back, the same for generation and training.

The text of a special token within a prompt or a completion is text, and nothing ends a prompt.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import UserError
from harness.generation.backend import Completion, Request, cut_at_stop
from harness.generation.prompts import Message, Prompt

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

_ANCHORS = ("\n", "\ue000")
"""Put before a completion whose first token would get a space of the tokenizer's own otherwise, and taken off again. A
line's end is what is there in a model's texts; no piece begins with a private character and goes on."""
_FIRST_MARK = 0xE000
"""Private characters of Unicode, which replace special tokens that a chat's message spells."""


class PromptedRow(NamedTuple):
    """Holds a request, the tokens of its prompt, and the most that may be generated."""

    request: Request
    prompt: tuple[int, ...]
    limit: int


class Tokens:
    """Tokenizes prompts and completions for a model with a context of a certain length."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", context: int = sys.maxsize) -> None:
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

    def target(self, prompt: Prompt, completion: str) -> tuple[int, ...]:
        """Return the tokens with which a model would have written a completion of a prompt.

        They follow the very tokens of the prompt, and `completion` gives the text back, whatever the tokenizer adds to
        a text's beginning.

        Args:
            prompt: a text, or the messages of a chat.
            completion: any text.

        Returns:
            The tokens, without an end.

        Raises:
            UserError: As in `of`, or no tokens give the text back, as with a tokenizer that changes its letters.
        """
        start = self.of(prompt)
        for tokens in self._targets(prompt, start, completion):
            if self._text_after(start, tokens) == completion:
                return tokens
        given = self._text_after(start, next(self._targets(prompt, start, completion)))
        at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(given, completion, strict=False)))
        raise UserError(
            f"the tokenizer gives {given[at : at + 20]!r} back where the text has {completion[at : at + 20]!r}, at "
            f"character {at} of {completion[:40]!r}; leave the text out, or take a model whose tokenizer keeps texts"
        )

    def _targets(self, prompt: Prompt, start: tuple[int, ...], completion: str) -> Iterator[tuple[int, ...]]:
        """Yield tokens of a completion that may give it back: in their context, by themselves, and behind anchors."""
        if isinstance(prompt, str):
            whole = self._with_start(prompt + completion)
            if whole[: len(start)] == start:
                yield whole[len(start) :]
        yield self._inner(completion)
        for text in _ANCHORS:
            anchor, anchored = self._inner(text), self._inner(text + completion)
            if anchored[: len(anchor)] == anchor:
                yield anchored[len(anchor) :]

    def _tokenized(self, prompt: Prompt) -> tuple[int, ...]:
        tokens = self._with_start(prompt) if isinstance(prompt, str) else self._chat_tokens(prompt)
        if not tokens:
            raise UserError("a prompt is empty, so there is nothing to continue; choose another prompt card")
        return tokens

    def _with_start(self, text: str) -> tuple[int, ...]:
        """Return the tokens of a text behind what the tokenizer begins one with, but without what it ends one with."""
        inner, whole = self._inner(text), tuple(self._tokenizer(text, split_special_tokens=True)["input_ids"])
        start = next((at for at in range(len(whole)) if whole[at : at + len(inner)] == inner), 0)
        return whole[: start + len(inner)]

    def _inner(self, text: str, *, special: bool = False) -> tuple[int, ...]:
        """Return the tokens of a text alone; where `special` its special tokens count as such."""
        return tuple(self._tokenizer(text, add_special_tokens=False, split_special_tokens=not special)["input_ids"])

    def _chat_tokens(self, messages: tuple[Message, ...]) -> tuple[int, ...]:
        from jinja2 import TemplateError  # noqa: PLC0415 - an extra

        if not self._tokenizer.chat_template:
            raise UserError("the model has no chat template; choose a prompt card without messages, or a chat model")
        spelled = self._marks(messages)
        given = [{"role": one.role, "content": _replaced(one.content, spelled)} for one in messages]
        try:
            text: Any = self._tokenizer.apply_chat_template(given, add_generation_prompt=True, tokenize=False)
        except TemplateError as error:
            raise UserError(
                f"the model's chat template refuses the prompt: {error}; choose a prompt card with other messages"
            ) from error
        originals = {mark: token for token, mark in spelled.items()}
        parts = re.split(f"([{''.join(originals)}])", text) if originals else [text]
        tokens = (
            self._inner(originals[part]) if part in originals else self._inner(part, special=True)
            for part in parts
            if part
        )
        return tuple(token for part in tokens for token in part)

    def _marks(self, messages: tuple[Message, ...]) -> dict[str, str]:
        """Return the special tokens that the messages spell, longest first, each with a character that replaces it."""
        text = "\n".join(message.content for message in messages)
        special = {str(token) for token in self._tokenizer.added_tokens_decoder.values() if token.special}
        spelled = sorted((token for token in special if token in text), key=lambda token: (-len(token), token))
        unused = (chr(number) for number in range(_FIRST_MARK, sys.maxunicode) if chr(number) not in text)
        return dict(zip(spelled, unused, strict=False))

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


def _replaced(text: str, marks: dict[str, str]) -> str:
    for token, mark in marks.items():
        text = text.replace(token, mark)
    return text


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
