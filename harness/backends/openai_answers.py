"""What an OpenAI-compatible server answers, read strictly: a completion, or an error that says why it is none."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from harness.backend import Completion, cut_at_stop
from harness.records import FinishReason

_FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "content_filter": "stop",  # what the server's filter left is what this policy answers
    "tool_calls": "stop",  # a call that nobody offered is no text, but it is what the model said
    "function_call": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
}
"""Servers' words; any other, such as `abort`, ends no completion."""

_TOO_LONG = re.compile(
    r"context[ _-]?(length|window|size|limit)|exceed_context|max_model_len|maximum [a-z]+ ([a-z]+ )?length"
    r"|(prompt|inputs?)`? (is too long|must have less than)|max_new_tokens` must be|reduce the length of",
    re.IGNORECASE,
)
"""How OpenAI, vLLM, SGLang, llama.cpp, text-generation-inference and hosted services say that a prompt doesn't fit."""

_TOO_LONG_STATUSES = (400, 413, 422)

_Tokens = Annotated[int, msgspec.Meta(ge=0)] | None


class _Usage(msgspec.Struct, frozen=True, kw_only=True):
    prompt_tokens: _Tokens = None
    completion_tokens: _Tokens = None


class _TextChoice(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    finish_reason: str


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    content: str | None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[Any, ...] | None = None


class _ChatChoice(msgspec.Struct, frozen=True, kw_only=True):
    message: _Message
    finish_reason: str

    @property
    def text(self) -> str:
        """Return what was said aloud: nothing where the model refused, called a tool, or thought until it was cut."""
        said = self.message
        if said.content is not None:
            return said.content
        silent = said.refusal or said.reasoning or said.reasoning_content or said.tool_calls
        if silent or _FINISH_REASONS[self.finish_reason] == "length":
            return ""
        raise ValueError("a message without content")


class _TextAnswer(msgspec.Struct, frozen=True, kw_only=True):
    choices: tuple[_TextChoice]
    usage: _Usage | None = None


class _ChatAnswer(msgspec.Struct, frozen=True, kw_only=True):
    choices: tuple[_ChatChoice]
    usage: _Usage | None = None


class _Model(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    root: str | None = None


class _Models(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[_Model, ...]


def completion_of(answer: bytes, stop: Sequence[str], *, chat: bool) -> Completion:
    """Return the one completion of an answer, without the stop string, which some servers leave in.

    Raises:
        ValueError: The answer is something else: no JSON, no choice or several, no text, or one that didn't end.
    """
    decode = msgspec.json.decode
    said = decode(answer, type=_ChatAnswer) if chat else decode(answer, type=_TextAnswer)
    (choice,) = said.choices
    if choice.finish_reason not in _FINISH_REASONS:
        raise ValueError(f"finish_reason {choice.finish_reason[:40]!r}")
    text, stopped = cut_at_stop(choice.text, stop)
    usage = said.usage or _Usage()
    return Completion(
        text=text,
        finish_reason="stop" if stopped else _FINISH_REASONS[choice.finish_reason],
        prompt_tokens=usage.prompt_tokens,
        tokens=usage.completion_tokens,
    )


def weights_of(answer: bytes, model: str) -> str:
    """Return where the server says that the model's weights come from, or else the name.

    Raises:
        ValueError: The answer is no list of models.
    """
    listed = msgspec.json.decode(answer, type=_Models).data
    return next((entry.root or entry.id for entry in listed if entry.id == model), model)


def prompt_too_long(status: int, body: str) -> bool:
    """Return whether an error's status and text say that the prompt, or the prompt and max_tokens, don't fit."""
    return status in _TOO_LONG_STATUSES and _TOO_LONG.search(body) is not None


def message_of(body: object) -> str:
    """Return what the body of an error says, by the shapes that are in use.

    >>> message_of({"error": {"message": "no such model", "code": 404}}), message_of({"detail": "no"}), message_of(None)
    ('no such model', 'no', 'no message')
    """
    while isinstance(body, Mapping):
        body = next((body[key] for key in ("error", "message", "detail") if body.get(key)), str(dict(body)))
    return str(body or "no message")
