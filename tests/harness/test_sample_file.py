"""The samples of a run stay on disk."""

import hashlib
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.runs.jsonl import as_row
from harness.runs.row_store import SampleFile

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture
def samples(make_sample):
    """Return four samples of two policies, one with more than ASCII in it."""
    return [
        make_sample(task_id, index, policy, completion=f"{task_id}{index}\n\u00e9")
        for policy in "qp"
        for task_id, index in (("b", 1), ("a", 0))
    ]


@pytest.fixture
def path(tmp_path, samples):
    """Return the file that holds them."""
    (tmp_path / "samples.jsonl").write_bytes(b"".join(map(as_row, samples)))
    return tmp_path / "samples.jsonl"


def sha256_of(samples):
    """Return the SHA-256 of samples as JSON Lines."""
    return hashlib.sha256(b"".join(map(as_row, samples))).hexdigest()


def test_every_sample_is_read_when_it_is_asked_for(path, samples):
    """In whatever order; the keys come in the order of the file."""
    stored = SampleFile(path, sha256_of(samples))

    assert list(stored) == [sample.key for sample in samples]
    assert [stored[sample.key] for sample in reversed(samples)] == samples[::-1]
    assert len(stored) == 4


def test_an_unknown_sample_is_a_key_error(path, samples):
    """As in any mapping."""
    with pytest.raises(KeyError):
        SampleFile(path, sha256_of(samples))["p", "a", 1]


def test_samples_of_a_task_come_in_the_order_of_the_file(path, samples):
    """Whoever wrote them; those that are done are left out, and a task that nobody answered has none."""
    stored = SampleFile(path)

    assert list(stored.of_task("a")) == [samples[1], samples[3]]
    assert list(stored.of_task("a", but={samples[1].key})) == [samples[3]]
    assert list(stored.of_task("c")) == []


def test_no_file_is_held_open(path, samples):
    """A merge may have more of them than a process may open."""
    opened = len(list(DESCRIPTORS.iterdir()))

    stored = [SampleFile(path) for _ in range(20)]
    read = [[*each.of_task("a"), each[samples[0].key]] for each in stored]

    assert read == [[samples[1], samples[3], samples[0]]] * 20
    assert len(list(DESCRIPTORS.iterdir())) <= opened  # what earlier tests left may be closed meanwhile


def test_a_row_that_is_being_written_is_left_out(path, samples):
    """Its writer hasn't finished it."""
    path.write_bytes(path.read_bytes()[:-1])

    assert list(SampleFile(path)) == [sample.key for sample in samples[:-1]]


def test_a_sample_that_is_damaged_later_is_named_by_its_line(path, samples):
    """A file that is changed while it is being used is told like any other."""
    stored = SampleFile(path)
    path.write_bytes(path.read_bytes().replace(b'"index":0', b'"index":?'))

    with pytest.raises(UserError, match=r"samples\.jsonl:4: is not JSON"):
        stored[samples[3].key]


def test_a_file_that_is_not_there_is_told(tmp_path):
    """One line, as for any file."""
    with pytest.raises(UserError, match=r"samples\.jsonl: there is no such file"):
        SampleFile(tmp_path / "samples.jsonl")


def test_a_changed_file_is_refused(path, samples):
    """Samples that were edited behind the run's back are not judged."""
    path.write_text(path.read_text().replace("b1", "b2"))

    with pytest.raises(UserError, match=r"samples\.jsonl: was changed since the run began"):
        SampleFile(path, sha256_of(samples))
