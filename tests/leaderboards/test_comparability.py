"""Pairs of results that differ in one field: what the gate stops, what it can't compare, and what it only warns of."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from usual_conditions import conditions

from harness.cli.main import run
from harness.runs.conditions import differences, slight_differences
from harness.runs.records import Producer, PromptCardId, Sampling
from leaderboards.gate import judge
from sandbox.records import Limits

PASSED, WORSE, INCOMPARABLE = 0, 1, 2
CARD = PromptCardId(name="paper", sha256="c" * 64)
SAMPLING = Sampling(n=1, temperature=0.8, top_p=0.95, max_tokens=512, stop=("\nclass",), seed=0)
PRODUCER = Producer(
    backend="transformers", model="m", weights="w", dtype="float32", versions={"torch": "2.13.0"}, options={},
    repeatable="yes",
)  # fmt: skip
LAYERS = {"landlock": "in force (ABI 7)", "pid": "in force (a namespace)", "seccomp": "in force (a filter)"}
USUAL = {
    "data_version": "v1", "prompt_card": CARD, "sampling": SAMPLING, "producer": PRODUCER, "isolation": LAYERS,
    "preload": ("numpy", "re"), "allow": {"numpy": "2.4.6"}, "preludes": {"leetcode": "a" * 64}, "python": "3.11.7",
    "proctor": "0.1.3",
}  # fmt: skip


def changed(record, **changes):
    """Return a record with some fields changed."""
    return msgspec.structs.replace(record, **changes)


MOVES_VERDICTS = {
    "another benchmark": {"benchmark": "other"},
    "another version of the data": {"data_version": "v2"},
    "a published set": {"problem_set": "paper"},
    "another split": {"splits": ("train",)},
    "another text or test of a problem": {"problems_sha256": "f" * 64},
    "more samples a problem": {"samples": 2},
    "another prompt card": {"prompt_card": changed(CARD, name="mine")},
    "an edited prompt card": {"prompt_card": changed(CARD, sha256="d" * 64)},
    "an unknown prompt card": {"prompt_card": None},
    "another temperature": {"sampling": changed(SAMPLING, temperature=0.7)},
    "greedy": {"sampling": changed(SAMPLING, temperature=0.0)},
    "another nucleus": {"sampling": changed(SAMPLING, top_p=1.0)},
    "fewer tokens": {"sampling": changed(SAMPLING, max_tokens=256)},
    "another stop string": {"sampling": changed(SAMPLING, stop=("\ndef",))},
    "unknown sampling": {"sampling": None},
    "another precision": {"producer": changed(PRODUCER, dtype="bfloat16")},
    "another extraction": {"extraction": "first"},
    "every test": {"exhaustive": True},
    "less CPU time": {"limits": Limits(cpu_s=3.0)},
    "less wall time": {"limits": Limits(wall_s=9.0)},
    "less memory": {"limits": Limits(memory_bytes=1 << 29)},
    "less output": {"limits": Limits(output_bytes=1 << 20)},
    "fewer processes": {"limits": Limits(processes=16)},
    "smaller files": {"limits": Limits(file_bytes=1 << 25)},
    "fewer open files": {"limits": Limits(open_files=32)},
    "calibrated limits": {"limits_file": "limits.json"},
    "own checkers": {"checkers_sha256": "e" * 64},
    "no isolation": {"isolation": dict.fromkeys(LAYERS, "absent: not asked for")},
    "another preloaded module": {"preload": ("re",)},
    "another package": {"allow": {"numpy": "2.4.6", "sympy": "1.14"}},
    "another minor version of a package": {"allow": {"numpy": "2.5.0"}},
    "another prelude": {"preludes": {"leetcode": "b" * 64}},
    "another minor version of Python": {"python": "3.12.7"},
    "another major version of Python": {"python": "4.11.7"},
    "another minor version of proctor": {"proctor": "0.2.3"},
    "another major version of proctor": {"proctor": "1.1.3"},
}
DESERVES_A_WARNING = {
    "another patch level of Python": {"python": "3.11.19"},
    "a release candidate of Python": {"python": "3.11.8rc1"},
    "another patch level of proctor": {"proctor": "0.1.4"},
    "another patch level of a package": {"allow": {"numpy": "2.4.7"}},
    "a layer less": {"isolation": LAYERS | {"pid": "absent: no user namespaces"}},
    "one layer left": {"isolation": {"seccomp": "in force (a filter)"}},
    "a layer more": {"isolation": LAYERS | {"cgroups": "in force"}},
}
IS_NO_CONDITION = {
    "another seed": {"sampling": changed(SAMPLING, seed=1)},
    "another model": {"producer": changed(PRODUCER, model="n")},
    "other weights": {"producer": changed(PRODUCER, weights="v")},
    "another backend": {"producer": changed(PRODUCER, backend="vllm")},
    "other libraries": {"producer": changed(PRODUCER, versions={"torch": "2.14.0"})},
    "another size of batch": {"producer": changed(PRODUCER, options={"batch_size": "8"})},
    "another kernel": {"isolation": LAYERS | {"landlock": "in force (ABI 4)"}},
    "another order of layers": {"isolation": dict(reversed(LAYERS.items()))},
    "another order of modules": {"preload": ("re", "numpy")},
    "judged in shards": {"shard": "1/2"},
}


@pytest.fixture
def gate(make_result, write_run):
    """Return a function that gates a candidate with some changes against the usual baseline."""

    def decide(changes, *options, solved=10, of=20):
        baseline = {str(number): (1, int(number < 10)) for number in range(20)}
        now = {str(number): (1, int(number < solved)) for number in range(of)}
        paths = [
            write_run(name, make_result(counts, policy=name, **USUAL | which))
            for name, counts, which in (("old", baseline, {}), ("new", now, changes))
        ]
        return run(["gate", "--baseline", paths[0], "--candidate", paths[1], *options])

    return decide


@pytest.mark.parametrize("changes", MOVES_VERDICTS.values(), ids=MOVES_VERDICTS)
def test_what_moves_verdicts_is_not_compared(gate, changes, capsys):
    """Exit code 2, and no word of better or worse, though the candidate solves more."""
    assert gate(changes, solved=20) == INCOMPARABLE

    printed = capsys.readouterr()
    assert printed.out.startswith("## CAN'T COMPARE: new against old on ")
    assert "pass@1" not in printed.out
    assert "can't be compared with" in printed.err


@pytest.mark.parametrize("changes", MOVES_VERDICTS.values(), ids=MOVES_VERDICTS)
def test_what_moves_verdicts_hides_no_regression_as_one(gate, changes):
    """A candidate that lost all is not called worse either."""
    assert gate(changes, solved=0) == INCOMPARABLE


@pytest.mark.parametrize("changes", DESERVES_A_WARNING.values(), ids=DESERVES_A_WARNING)
def test_a_slight_difference_is_compared_with_a_warning(gate, changes, capsys):
    """Exit code 0, and the difference is named on both streams."""
    assert gate(changes) == PASSED

    printed = capsys.readouterr()
    assert printed.out.startswith("## Passed")
    assert "**Warning**: " in printed.out
    assert "proctor: warning: " in printed.err


@pytest.mark.parametrize("changes", DESERVES_A_WARNING.values(), ids=DESERVES_A_WARNING)
def test_strict_forbids_a_slight_difference(gate, changes):
    """As if it moved verdicts."""
    assert gate(changes, "--strict") == INCOMPARABLE


@pytest.mark.parametrize("changes", DESERVES_A_WARNING.values(), ids=DESERVES_A_WARNING)
def test_a_slight_difference_excuses_no_regression(gate, changes):
    """Ten of ten lost is worse under any patch level."""
    assert gate(changes, solved=0) == WORSE


@pytest.mark.parametrize("changes", IS_NO_CONDITION.values(), ids=IS_NO_CONDITION)
def test_what_is_no_condition_is_not_mentioned(gate, changes, capsys):
    """It is what is compared, or chance, or a detail of the host; also under --strict."""
    assert gate(changes, "--strict") == PASSED
    assert "arning" not in capsys.readouterr().err


@pytest.mark.parametrize(("of", "named"), [(19, "19 missing"), (21, "20 not in the baseline")])
def test_other_problems_are_not_compared(gate, of, named, capsys):
    """They are named."""
    assert gate({}, of=of) == INCOMPARABLE
    assert named in capsys.readouterr().err


def test_a_second_baseline_is_warned_of_as_well(make_result):
    """Each difference from the first is named once, whichever result has it."""
    usual = make_result({"1": (1, 1)}, **USUAL)
    other = make_result({"1": (1, 1)}, **USUAL | {"python": "3.11.19"})

    decision = judge(usual, usual, more_baselines=[other, other])

    assert decision.warnings == ("python: 3.11.7 against 3.11.19",)


def test_equal_results_pass_without_a_word(gate, capsys):
    """The same again, under --strict."""
    assert gate({}, "--strict") == PASSED
    assert capsys.readouterr().err == ""


CHANGES = st.sampled_from([*MOVES_VERDICTS.values(), *DESERVES_A_WARNING.values(), *IS_NO_CONDITION.values(), {}])


@given(CHANGES, CHANGES, CHANGES)
def test_to_be_comparable_goes_both_ways_and_on(a, b, c):
    """What may be compared falls into classes: symmetric and transitive."""
    first, second, third = (conditions(**USUAL | changes) for changes in (a, b, c))

    def alike(one, other):
        return differences(one, other) == ()

    assert alike(first, first)
    assert alike(first, second) == alike(second, first)
    assert not (alike(first, second) and alike(second, third)) or alike(first, third)


@given(CHANGES, CHANGES)
def test_a_difference_is_grave_or_slight(a, b):
    """Never both, and each is named once."""
    pair = conditions(**USUAL | a), conditions(**USUAL | b)
    grave, slight = ([text.partition(":")[0] for text in found(*pair)] for found in (differences, slight_differences))

    assert len({*grave, *slight}) == len(grave) + len(slight)
