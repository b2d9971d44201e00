"""Tokenizers of every kind give a completion back behind any prompt, or refuse it; no text is a special token."""

import json
import string
from functools import cache
from itertools import product

import pytest
import tiny_model as tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UserError
from harness.generation.prompts import Message
from harness.generation.tokens import Tokens

pytestmark = pytest.mark.slow

SPECIAL = (tiny.END, tiny.TURN, tiny.TURN_END, "<s>")
NORMALIZING = {"nfc": "NFC", "nfkc": "NFKC", "lower": "Lowercase", "strip": "Strip"}
SPACED = ("always", "first", "never", "prepend")
KINDS = ("bytes", "bytes with a space before a text", *NORMALIZING, *SPACED)
PIECES = (
    "a", "  ", "\n", "x = 1", *SPECIAL, "def f():\n    return ", "é", "e\u0301", "\ufb01", "漢", "😀", "\t", "A", " ",
    "print(", "<0x41>", "\ue000", "</s>", "▁",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)


@cache
def tokenizer(kind, *, begins, ends):
    """Return a tokenizer of a kind, which may put tokens before a text and behind it."""
    from tokenizers import Tokenizer, processors  # noqa: PLC0415 - seconds
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    made = _of_spaces(kind) if kind in SPACED else _of_bytes(kind)
    if begins or ends:
        single = f"{'<s> ' if begins else ''}$A{f' {tiny.END}' if ends else ''}"
        ids = [(name, made.token_to_id(name)) for name in ("<s>", tiny.END)]
        made.post_processor = processors.TemplateProcessing(single=single, special_tokens=ids)
    given = json.loads(made.to_str())
    given["added_tokens"] = [token for token in given["added_tokens"] if token["content"] in SPECIAL]
    found = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(given)),
        eos_token=tiny.END,
        bos_token="<s>",  # noqa: S106 - no password
        additional_special_tokens=[tiny.TURN, tiny.TURN_END],
        clean_up_tokenization_spaces=False,
    )
    found.chat_template = tiny.CHAT_TEMPLATE
    return found


def _of_bytes(kind):
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: PLC0415

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=kind == KINDS[1])
    made.decoder = decoders.ByteLevel()
    if kind in NORMALIZING:
        made.normalizer = getattr(normalizers, NORMALIZING[kind])()
    return _trained(made, pre_tokenizers.ByteLevel.alphabet(), [])


def _of_spaces(kind):
    """Return one that marks spaces, as Llama's; what it has no piece for are bytes."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: PLC0415

    made = Tokenizer(models.BPE(byte_fallback=True))
    if kind == "prepend":
        made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        spaces = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        made.decoder = decoders.Sequence(spaces)
    else:
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=kind)
        made.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme=kind)])
    return _trained(made, {*string.printable, "▁"} - {" "}, [f"<0x{number:02X}>" for number in range(256)])


def _trained(made, alphabet, more):
    from tokenizers import trainers  # noqa: PLC0415

    made.train_from_iterator(
        tiny.CORPUS,
        trainers.BpeTrainer(
            vocab_size=700, special_tokens=[*SPECIAL, *more], initial_alphabet=sorted(alphabet), show_progress=False
        ),
    )
    return made


@pytest.mark.parametrize(("kind", "begins", "ends"), list(product(KINDS, (False, True), (False, True))))
@settings(max_examples=25, deadline=None, derandomize=True)
@given(prompt=TEXTS, completion=TEXTS)
def test_a_target_gives_its_text_back_or_is_refused(kind, begins, ends, prompt, completion):
    """Plain or in a chat; what special tokens there are come from the tokenizer and the template."""
    made = tokenizer(kind, begins=begins, ends=ends)
    tokens, special = Tokens(made), set(made.all_special_ids)

    for one, expected in ((prompt, int(begins)), ((Message(role="user", content=prompt),), 3)):
        try:
            start = tokens.of(one)
            assert sum(token in special for token in start) == expected
            assert start[0] in special or not expected
            target = tokens.target(one, completion)
        except UserError:  # an empty prompt, or letters that the tokenizer changes
            assert kind in NORMALIZING or (kind in SPACED and "▁" in completion)
            continue
        assert not special & set(target)
        assert made.decode((*start, *target), skip_special_tokens=True) == (
            made.decode(start, skip_special_tokens=True) + completion
        )
