"""Samples that come from elsewhere are copied in one pass, until the folder of a run takes them over."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from harness.errors import UserError
from harness.runs.jsonl import as_row
from harness.runs.records import Usage
from harness.runs.row_store import DoubleSampleError, SampleCopy


@pytest.fixture
def samples(make_sample):
    """Return samples of two policies and two tasks."""
    return [make_sample("a", 0), make_sample("b", 1), make_sample("a", 1), make_sample("a", 0, "other")]


def test_one_pass_copies_counts_indexes_and_hashes(tmp_path, samples):
    """An iterator is enough."""
    copy = SampleCopy(iter(samples), tmp_path)

    assert list(copy) == [sample.key for sample in samples]
    assert list(copy.rows()) == samples
    assert list(copy.of_task("a")) == [samples[0], samples[2], samples[3]]
    assert copy.tally.counts == {("m", "a"): 2, ("m", "b"): 1, ("other", "a"): 1}
    assert copy.tally.sha256 == hashlib.sha256(b"".join(map(as_row, samples))).hexdigest()


def test_nothing_is_in_the_folder_before_it_takes_over(tmp_path, samples):
    """Nor is the folder made; afterwards the samples are read from it."""
    out = tmp_path / "new" / "run"
    copy = SampleCopy(samples, out)
    assert list(tmp_path.iterdir()) == []

    out.mkdir(parents=True)
    copy.hand_over(out / "samples.jsonl")

    assert [path.name for path in out.iterdir()] == ["samples.jsonl"]
    assert (out / "samples.jsonl").read_bytes() == b"".join(map(as_row, samples))
    assert copy["m", "b", 1] == samples[1]


def test_a_file_of_these_samples_is_left_as_it_is(tmp_path, samples):
    """It is what an earlier process wrote; another file is refused."""
    path = tmp_path / "samples.jsonl"
    path.write_bytes(b"".join(map(as_row, samples)))
    before = path.stat().st_ino

    SampleCopy(samples, tmp_path).hand_over(path)
    with pytest.raises(UserError, match=r"samples\.jsonl: was changed since the run began"):
        SampleCopy(samples[1:], tmp_path).hand_over(path)

    assert path.stat().st_ino == before


def test_a_key_occurs_once(tmp_path, samples):
    """The second sample with it is named."""
    with pytest.raises(DoubleSampleError) as caught:
        SampleCopy([*samples, samples[1]], tmp_path)

    assert caught.value.sample == samples[1]


def test_no_descriptor_outlives_its_copy(tmp_path, samples):
    """Whether or not the samples were handed over."""
    before = len(list(Path("/proc/self/fd").iterdir()))

    for number in range(20):
        copy = SampleCopy(samples, tmp_path)
        if number % 2:
            copy.hand_over(tmp_path / "samples.jsonl")
    del copy

    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_usage_by_hand(tmp_path, make_sample):
    """Tokens are summed for each policy, endings counted."""
    rows = [
        msgspec.structs.replace(
            make_sample(policy=policy, index=index), prompt_tokens=5, tokens=tokens, finish_reason=reason
        )
        for index, (policy, tokens, reason) in enumerate(
            (("a", 3, "stop"), ("a", 8, "length"), ("b", 0, "context"), ("a", 8, "length"))
        )
    ]

    usage = SampleCopy(rows, tmp_path).tally.usage

    assert usage == {
        "a": Usage(prompt_tokens=15, tokens=19, finish_counts={"length": 2, "stop": 1}),
        "b": Usage(prompt_tokens=5, tokens=0, finish_counts={"context": 1}),
    }
    assert [*usage["a"].finish_counts] == ["length", "stop"]


def test_usage_is_unknown_where_one_sample_has_no_count(tmp_path, make_sample):
    """The sum would be too small."""
    rows = [make_sample(), msgspec.structs.replace(make_sample(index=1), tokens=4, finish_reason="stop")]

    usage = SampleCopy(rows, tmp_path).tally.usage

    assert usage == {"m": Usage(prompt_tokens=None, tokens=None, finish_counts={"stop": 1, "unknown": 1})}
