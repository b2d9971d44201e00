"""Answers of servers: a completion is read as it is, and nothing else is taken for one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.generation.backend import Completion
from harness.generation.backends.openai_protocol import completion_of, message_of, prompt_too_long, weights_of

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["choices", "text", "message", "content", "finish_reason", "usage", "prompt_tokens"]), inner
    ),
)  # fmt: skip


def text(said, finish_reason="stop", **fields):
    """Return an answer of `/completions`."""
    return json.dumps({"choices": [{"text": said, "finish_reason": finish_reason}], **fields}).encode()


def chat(finish_reason="stop", **message):
    """Return an answer of `/chat/completions`."""
    return json.dumps({"choices": [{"message": message, "finish_reason": finish_reason}]}).encode()


def test_a_completion_is_read():
    """Text, reason and the server's own count of tokens."""
    answer = text("x = 1", "length", usage={"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8})

    assert completion_of(answer, (), chat=False) == Completion(
        text="x = 1", finish_reason="length", prompt_tokens=5, tokens=3
    )


def test_tokens_that_are_not_told_are_none():
    """A server may keep them to itself."""
    read = completion_of(text("x", usage={"prompt_tokens": 5}), (), chat=False)

    assert (read.prompt_tokens, read.tokens) == (5, None)


def test_a_stop_string_ends_the_text_and_is_no_part_of_it():
    """Whether the server left it in, or went on to its limit of tokens."""
    read = completion_of(text("x = 1[DONE]y", "length"), ("\n\n", "[DONE]"), chat=False)

    assert (read.text, read.finish_reason) == ("x = 1", "stop")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "stop"), ("eos_token", "stop"), ("stop_sequence", "stop"), ("content_filter", "stop"),
        ("length", "length"), ("max_tokens", "length"),
    ],
)  # fmt: skip
def test_reasons_have_several_words(word, reason):
    """Each server has its own."""
    assert completion_of(text("x", word), (), chat=False).finish_reason == reason


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (chat(content="x"), "x"),
        (chat(content=""), ""),
        (chat(content=None, refusal="I won't"), ""),
        (chat(content=None, reasoning_content="hm"), ""),
        (chat(content=None, reasoning="hm"), ""),
        (chat("tool_calls", content=None, tool_calls=[{"type": "function"}]), ""),
        (chat("length", content=None), ""),
    ],
)
def test_only_what_was_said_aloud_is_the_completion(answer, said):
    """A refusal is no program, nor is a thought; a model that came no further has written nothing."""
    assert completion_of(answer, (), chat=True).text == said


@pytest.mark.parametrize(
    ("answer", "is_chat"),
    [
        (chat(content=None), True),
        (chat(reasoning_content="hm"), True),
        (chat("tool_calls", content=None), True),
        (chat(content="x"), False),
        (text("x"), True),
        (text("x", usage={"prompt_tokens": -1}), False),
        (text("x", usage={"completion_tokens": "3"}), False),
    ],
)
def test_an_answer_of_another_kind_is_refused(answer, is_chat):
    """Nor is anything guessed."""
    with pytest.raises(ValueError, match=r"."):
        completion_of(answer, (), chat=is_chat)


@given(answer=st.binary(max_size=40) | ANYTHING.map(json.dumps).map(str.encode), is_chat=st.booleans())
def test_any_bytes_are_a_completion_or_refused(answer, is_chat):
    """Nothing else is raised, so nothing ends the run."""
    try:
        read = completion_of(answer, (), chat=is_chat)
    except ValueError:
        return
    assert isinstance(read.text, str)


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 4097 tokens. However, you requested 5000 tokens",
        "The decoder prompt (length 70) is longer than the maximum model length of 64.",
        "The input (123 tokens) is longer than the model's context length (100 tokens).",
        "the request exceeds the available context size, try increasing it",
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000 `inputs` tokens",
        "Input validation error: `inputs` must have less than 1024 tokens. Given: 3000",
        "prompt is too long: 250000 tokens > 200000 maximum",
        '{"error": {"message": "too big", "code": "context_length_exceeded"}}',
        "Please reduce the length of the messages or completion",
        "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.",
        "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
    ],
)
def test_servers_say_in_many_words_that_a_prompt_is_too_long(message):
    """OpenAI, vLLM, SGLang, llama.cpp, text-generation-inference, and hosted services."""
    assert prompt_too_long(400, message)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "The model `m` does not exist"),
        (400, "temperature is too high"),
        (400, "Input should be a valid string"),
        (404, "no such model; maximum context length is 4"),
        (500, "maximum context length"),
    ],
)
def test_other_errors_are_none_of_the_prompts_length(status, message):
    """They are told to the user or tried again."""
    assert not prompt_too_long(status, message)


def test_weights_are_where_the_server_found_them():
    """Such as a folder; the name where it tells no more, or doesn't list the model."""
    listed = json.dumps({"data": [{"id": "a"}, {"id": "m", "root": "/models/m-7b", "created": 1}]}).encode()

    assert [weights_of(listed, model) for model in ("m", "a", "b")] == ["/models/m-7b", "a", "b"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"message": "m", "code": 1}, "m"),
        ({"error": "text"}, "text"),
        ({"error": {"message": ""}}, "{'message': ''}"),
        ("<html>", "<html>"),
        ([], "no message"),
    ],
)
def test_the_message_of_an_error_is_found(body, told):
    """In the shapes that servers use."""
    assert message_of(body) == told


def test_odd_characters_and_numbers_are_part_of_an_answer():
    """Half a surrogate pair in the text, NaN and infinities where nobody looks."""
    answer = b'{"choices": [{"text": "x\\ud835", "finish_reason": "stop", "logprobs": [NaN, -Infinity]}]}'

    assert completion_of(answer, (), chat=False).text == "x\ud835"
