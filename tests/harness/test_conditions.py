"""Conditions that make two results incomparable."""

import pytest
from usual_conditions import conditions

from harness.runs.conditions import condition_texts, differences, footnote
from harness.runs.records import Conditions, Producer, PromptCardId, Sampling
from sandbox.records import Limits

LIMITS = (
    "cpu_s 4, wall_s 10, memory_bytes 1073741824, output_bytes 16777216, processes 32, "
    "file_bytes 67108864, open_files 64"
)
CARD = PromptCardId(name="paper", sha256="c" * 64)


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"benchmark": "mbpp"}, "benchmark: toy against mbpp"),
        ({"prompt_card": CARD}, "prompt card: unknown against paper (cccccccccccc)"),
        ({"python": "3.12.1"}, "python: 3.11.7 against 3.12.1"),
        ({"problems_sha256": "f" * 64}, "problems: 0123456789ab against ffffffffffff"),
        ({"isolation": {"seccomp": "absent: no"}}, "isolation: seccomp against NONE, every program was trusted"),
        ({"problem_set": "sanitized"}, "problem set: test against sanitized"),
        ({"limits_file": "quick.json"}, f"limits: {LIMITS} against quick.json: {LIMITS}"),
        ({"limits": Limits(cpu_s=8.0)}, f"limits: {LIMITS} against {LIMITS.replace('cpu_s 4', 'cpu_s 8')}"),
        ({"checkers_sha256": "d" * 64}, "checkers: the benchmark's against dddddddddddd"),
        ({"extraction": "fence"}, "extraction: whole against fence"),
        ({"exhaustive": True}, "tests: up to the first that fails against all"),
        ({"preload": ("numpy",)}, "preload: nothing against numpy"),
        ({"allow": {"numpy": "2.4.6", "bare": ""}}, "allow: nothing against numpy 2.4.6, bare"),
        ({"preludes": {"site": "a" * 64}}, "prelude: none against site (aaaaaaaaaaaa)"),
        ({"samples": 10}, "samples: 1 against 10"),
        ({"proctor": "0.2.0"}, "proctor: 0.1.0 against 0.2.0"),
    ],
)
def test_each_condition_is_named(changes, difference):
    """With what it was and what it is."""
    assert differences(conditions(), conditions(**changes)) == (difference,)


def test_pythons_of_one_minor_version_are_alike():
    """A patch changes no verdict; the minor version may."""
    assert differences(conditions(python="3.11.7"), conditions(python="3.11.19")) == ()
    assert differences(conditions(python="3.1.7"), conditions(python="3.11.7")) == ("python: 3.1.7 against 3.11.7",)
    assert "Python 3.11.19; " in footnote(conditions(python="3.11.19"))


def test_the_order_of_preloaded_modules_is_no_condition():
    """All of them are there."""
    assert differences(conditions(preload=("re", "numpy")), conditions(preload=("numpy", "re"))) == ()


def test_sampling_and_precision_are_conditions():
    """Backend, model and seed are not: they are what is compared, or chance."""
    sampling = {"n": 1, "temperature": 0.8, "top_p": 0.95, "max_tokens": 9, "stop": (), "seed": 0}
    producer = {
        "backend": "a", "model": "m", "weights": "w", "dtype": "float32", "versions": {}, "options": {},
        "repeatable": "yes",
    }  # fmt: skip

    def generated(sampled=(), produced=()):
        return conditions(sampling=Sampling(**sampling | dict(sampled)), producer=Producer(**producer | dict(produced)))

    known, alike = generated(), generated({"seed": 1}, {"backend": "b", "model": "n", "weights": "v"})
    other = generated({"temperature": 0.0}, {"dtype": "bfloat16"})

    assert differences(known, alike) == ()
    assert differences(known, other) == (
        "sampling: temperature 0.8, top_p 0.95, at most 9 tokens against greedy, at most 9 tokens",
        "dtype: float32 against bfloat16",
    )
    assert "sampling temperature 0.8, top_p 0.95, at most 9 tokens; dtype float32; " in footnote(known)


def test_the_kernel_and_the_shard_are_no_conditions():
    """How a layer is in force may differ from host to host; the hash of the problems says which they are."""
    here = conditions(isolation={"landlock": "in force (ABI 4)"})
    there = conditions(isolation={"landlock": "in force (ABI 7)"}, shard="1/2")

    assert differences(here, there) == ()


def test_no_field_is_forgotten():
    """Each field moves a text, but for the shard, and all but the dtype of the producer."""
    fields = set(Conditions.__struct_fields__)

    assert len(condition_texts(conditions())) == len(fields - {"splits", "limits_file", "shard"})


def test_a_footnote_names_all_that_a_caption_does_not():
    """Usual settings of rare options are left out."""
    usual = footnote(conditions(prompt_card=CARD))
    asked = {"allow": {"numpy": "2"}, "preludes": {"site": "a" * 64}, "checkers_sha256": "d" * 64}
    rare = footnote(conditions(exhaustive=True, preload=("numpy", "re"), **asked))

    assert usual.startswith("prompt card paper (cccccccccccc); sampling unknown; extraction whole; limits cpu_s 4, ")
    assert usual.endswith("isolation seccomp; Python 3.11.7; proctor 0.1.0; problems 0123456789ab")
    assert "extraction whole; tests all; limits" in rare
    assert "; checkers dddddddddddd; isolation" in rare
    assert "isolation seccomp; preload numpy, re; allow numpy 2; prelude site (aaaaaaaaaaaa); Python" in rare
