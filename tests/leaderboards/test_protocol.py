"""Which conditions make two results incomparable."""

import msgspec
import pytest

from harness.runs.records import Producer, PromptCardId, Sampling
from leaderboards.results import differences, in_words, protocol_of
from sandbox.records import Limits

LIMITS = (
    "cpu_s 4, wall_s 10, memory_bytes 1073741824, output_bytes 16777216, processes 32, "
    "file_bytes 67108864, open_files 64"
)
CARD = PromptCardId(name="paper", sha256="c" * 64)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"prompt_card": CARD}, "prompt card: unknown against paper (cccccccccccc)"),
        ({"python": "3.12.1"}, "python: 3.11.7 against 3.12.1"),
        ({"problems_sha256": "f" * 64}, "problems: 0123456789ab against ffffffffffff"),
        ({"isolation": {"seccomp": "absent: no"}}, "isolation: seccomp against NONE, every program was trusted"),
        ({"problem_set": "sanitized"}, "problem set: test against sanitized"),
        (
            {"limits_file": "quick.json"},
            f"limits: {LIMITS} against quick.json: {LIMITS}",
        ),
        ({"extraction": "fence"}, "extraction: whole against fence"),
        ({"proctor": "0.2.0"}, "proctor: 0.1.0 against 0.2.0"),
    ],
)
def test_each_condition_is_named(make_result, changes, named):
    """With what it was and what it is."""
    usual, other = make_result({"1": (1, 1)}), make_result({"1": (1, 1)}, **changes)

    assert differences(protocol_of(usual), protocol_of(other)) == (named,)


def test_limits_are_spelled_out(make_result):
    """A limit more or less is another protocol."""
    usual = make_result({"1": (1, 1)})
    longer = make_result({"1": (1, 1)}, limits=msgspec.structs.replace(Limits(), cpu_s=8.0))

    (difference,) = differences(protocol_of(usual), protocol_of(longer))

    assert "cpu_s 4," in difference
    assert "cpu_s 8," in difference


def test_the_number_of_samples_is_a_condition(make_result):
    """One greedy sample is not ten random ones; a problem that lost a sample to the sandbox makes no difference."""
    ten = make_result({"1": (10, 1), "2": (10, 1)})
    ten_less_one = make_result({"1": (9, 1), "2": (10, 1)})
    one = make_result({"1": (1, 1), "2": (1, 0)})

    assert differences(protocol_of(ten), protocol_of(ten_less_one)) == ()
    assert differences(protocol_of(ten), protocol_of(one)) == ("samples: 10 against 1",)


def test_sampling_and_precision_are_conditions(make_result):
    """Backend, model and seed are not: they are what is compared, or chance."""
    sampling = Sampling(n=1, temperature=0.8, top_p=0.95, max_tokens=9, stop=(), seed=0)
    producer = Producer(backend="a", model="m", weights="w", dtype="float32", versions={}, options={}, repeatable="yes")
    known = make_result({"1": (1, 1)}, sampling=sampling, producer=producer)
    alike = make_result(
        {"1": (1, 1)},
        sampling=msgspec.structs.replace(sampling, seed=1),
        producer=msgspec.structs.replace(producer, backend="b", model="n", weights="v"),
    )
    other = make_result(
        {"1": (1, 1)},
        sampling=msgspec.structs.replace(sampling, temperature=0.0),
        producer=msgspec.structs.replace(producer, dtype="bfloat16"),
    )

    assert differences(protocol_of(known), protocol_of(alike)) == ()
    assert differences(protocol_of(known), protocol_of(other)) == (
        "sampling: temperature 0.8, top_p 0.95, at most 9 tokens against greedy, at most 9 tokens",
        "dtype: float32 against bfloat16",
    )
    assert "sampling temperature 0.8, top_p 0.95, at most 9 tokens; dtype float32; " in in_words(protocol_of(known))


def test_the_kernel_is_no_condition(make_result):
    """How a layer is in force may differ from host to host."""
    here = make_result({"1": (1, 1)}, isolation={"landlock": "in force (ABI 4)"})
    there = make_result({"1": (1, 1)}, isolation={"landlock": "in force (ABI 7)"})

    assert differences(protocol_of(here), protocol_of(there)) == ()


def test_in_words(make_result):
    """A footnote names all that a caption doesn't."""
    words = in_words(protocol_of(make_result({"1": (1, 1)}, prompt_card=CARD)))

    assert words.startswith("prompt card paper (cccccccccccc); sampling unknown; extraction whole; limits cpu_s 4, ")
    assert words.endswith("isolation seccomp; Python 3.11.7; proctor 0.1.0; problems 0123456789ab")
