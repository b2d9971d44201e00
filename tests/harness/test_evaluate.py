"""Samples -> evaluations: each is judged once, however often the process is killed."""

import fcntl

import pytest

from harness import evaluate as module
from harness.errors import UserError
from harness.evaluate import already_judged, evaluate
from sandbox.jail import Jail
from sandbox.judgement import Judgement
from sandbox.verdict import Verdict


@pytest.fixture
def judged(monkeypatch):
    """Replace the pool by one that accepts everything; return the programs it was given."""
    programs = []

    def accept(cases, jail, workers):
        assert (jail, workers) == (Jail(), 2)
        for case in cases:
            programs.append(case.program)
            yield Judgement(verdict=Verdict.ACCEPTED, per_test=(), cpu_s=0.5, detail=case.program)

    monkeypatch.setattr(module, "judge_all", accept)
    return programs


@pytest.fixture
def samples(make_sample):
    """Return four samples of two tasks."""
    return [make_sample(task_id, index, completion=task_id + str(index)) for task_id in "ab" for index in (0, 1)]


@pytest.fixture
def problems(make_problem):
    """Return the problems of those tasks."""
    return {task_id: make_problem(task_id, difficulty="easy") for task_id in "ab"}


def test_judges_in_order_and_appends(tmp_path, judged, samples, problems):
    """Every sample becomes one row, in the order of the samples."""
    path = tmp_path / "evaluations.jsonl"

    evaluations = tuple(evaluate(samples, problems, path, jail=Jail(), workers=2))

    assert judged == ["a0", "a1", "b0", "b1"]
    assert [e.key for e in evaluations] == [s.key for s in samples]
    assert {(e.difficulty, e.verdict, e.cpu_s) for e in evaluations} == {("easy", "accepted", 0.5)}
    assert already_judged(path, samples) == evaluations


def test_a_row_is_on_disk_before_the_next_sample_is_judged(tmp_path, judged, samples, problems):
    """A kill costs no more than what is being judged."""
    path = tmp_path / "evaluations.jsonl"

    for number, _ in enumerate(evaluate(samples, problems, path, jail=Jail(), workers=2), 1):
        assert len(already_judged(path, samples)) == number == len(judged)


def test_what_was_judged_is_found_again(tmp_path, judged, samples, problems):
    """A half-written row is cut off, and only what is whole counts as judged."""
    path = tmp_path / "evaluations.jsonl"
    whole = tuple(evaluate(samples, problems, path, jail=Jail(), workers=2))
    path.write_bytes(path.read_bytes()[:-20])

    assert already_judged(path, samples) == whole[:3]
    assert tuple(evaluate(samples[3:], problems, path, jail=Jail(), workers=2)) == whole[3:]
    assert already_judged(path, samples) == whole
    assert judged == ["a0", "a1", "b0", "b1", "b1"]


@pytest.mark.usefixtures("judged")
def test_evaluations_of_other_samples_are_refused(tmp_path, samples, problems, make_sample):
    """A missing sample, another program, and a row that stands there twice don't belong to this run."""
    path = tmp_path / "evaluations.jsonl"
    tuple(evaluate(samples, problems, path, jail=Jail(), workers=2))

    with pytest.raises(UserError, match=r"\('m', 'b', 1\) is no sample of this run"):
        already_judged(path, samples[:3])
    with pytest.raises(UserError, match=r"\('m', 'b', 1\) is no sample of this run"):
        already_judged(path, [*samples[:3], make_sample("b", 1, completion="other")])
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(UserError, match=r"\('m', 'a', 0\) is no sample of this run"):
        already_judged(path, samples)


@pytest.mark.usefixtures("judged")
def test_a_sandbox_error_is_judged_again(tmp_path, samples, problems):
    """What was our fault doesn't stay; the row of the second judgement takes its place."""
    path = tmp_path / "evaluations.jsonl"
    whole = tuple(evaluate(samples, problems, path, jail=Jail(), workers=2))
    path.write_text(path.read_text().replace("accepted", "sandbox_error", 1))

    assert already_judged(path, samples) == whole[1:]
    again = tuple(evaluate(samples[:1], problems, path, jail=Jail(), workers=2))
    assert already_judged(path, samples) == (*whole[1:], *again)


@pytest.mark.usefixtures("judged")
def test_two_writers_are_refused(tmp_path, samples, problems):
    """A second process would judge everything twice."""
    path = tmp_path / "evaluations.jsonl"
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        with pytest.raises(UserError, match="another proctor is writing this run"):
            tuple(evaluate(samples, problems, path, jail=Jail(), workers=2))
