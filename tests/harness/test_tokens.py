"""Prompts as tokens, and tokens as text."""

import pytest

from harness.generation.tokens import Tokens


@pytest.fixture
def spaced():
    """Return a tokenizer that drops the space before a text, as those of the Llama family do."""
    pytest.importorskip("transformers", reason="needs the extra train")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415 - seconds
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    tokenizer = Tokenizer(models.WordLevel({"▁a": 0, "▁b": 1, "▁c": 2}))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def test_a_completion_keeps_the_space_that_it_begins_with(spaced):
    """By itself, the text of the tokens would be "b c"."""
    tokens = Tokens(spaced, 16)

    completion = tokens.completion(tokens.of("a"), [1, 2], ended=False, stop=())

    assert spaced.decode([1, 2]) == "b c"
    assert completion.text == " b c"
