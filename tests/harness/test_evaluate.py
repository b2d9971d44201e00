"""Samples -> evaluations: each is judged once, however often the process is killed."""

import hashlib

import msgspec
import pytest

from harness.errors import UserError
from harness.examination import evaluate as module
from harness.examination.evaluate import already_judged, evaluate
from harness.runs.jsonl import sole_writer
from harness.runs.records import PromptCardId
from harness.runs.row_store import SampleIndex
from sandbox.jail import Jail
from sandbox.pool import Case
from sandbox.records import Judgement, Limits, Verdict


@pytest.fixture
def judged(monkeypatch):
    """Replace the pool by one that accepts everything; return the programs it was given."""
    programs = []

    def accept(cases, jail, workers, halt, *, reuse, ahead):
        assert (jail, workers, halt, reuse, ahead) == (Jail(), 2, None, True, None)
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
def problems(lazy_problems):
    """Return the problems of those tasks."""
    return lazy_problems("ab", difficulty="easy")


@pytest.fixture
def judge(tmp_path, problems):
    """Return a function that judges samples into a file and returns the evaluations."""

    def judge_into(samples, path=tmp_path / "evaluations.jsonl"):
        with sole_writer(path) as file:
            return tuple(evaluate(samples, problems, file, extraction="whole", jail=Jail(), workers=2))

    return judge_into


def by_key(samples):
    """Return the samples as a run's file of samples holds them."""
    return {sample.key: sample for sample in samples}


def judged_before(path, samples):
    """Return the evaluations that are found in a file; they are what is noted as done."""
    done = SampleIndex()
    evaluations = tuple(already_judged(path, samples, done))
    assert set(done) == {evaluation.key for evaluation in evaluations}
    return evaluations


def test_judges_in_order_and_appends(tmp_path, judge, judged, samples):
    """Every sample becomes one row, in the order of the samples."""
    evaluations = judge(samples)

    assert judged == ["a0", "a1", "b0", "b1"]
    assert [e.key for e in evaluations] == [s.key for s in samples]
    assert {(e.difficulty, e.verdict, e.cpu_s) for e in evaluations} == {("easy", "accepted", 0.5)}
    assert judged_before(tmp_path / "evaluations.jsonl", by_key(samples)) == evaluations


def test_an_evaluation_says_how_the_program_was_found(judge, judged, samples):
    """Hashes of completion and program, the rule, what it discarded, and whether the completion was cut off."""
    evaluation, *_ = judge(samples)

    sha256 = hashlib.sha256(b"a0").hexdigest()
    assert (evaluation.completion_sha256, evaluation.program_sha256) == (sha256, sha256)
    assert (evaluation.extraction, evaluation.discarded_chars, evaluation.complete) == ("whole", 0, True)
    assert judged[0] == "a0"


def test_what_is_asked_reaches_the_judge(monkeypatch, tmp_path, make_problem, make_sample):
    """The card's stop strings end the program, 12 characters before its end; limits and mode are those asked for."""
    problem = msgspec.structs.replace(make_problem("a"), limits=Limits(cpu_s=7.0))
    sample = make_sample("a", 0, completion="def f(): return 1\nEND of it (")
    given = []

    def judge_all(cases, *_, reuse, ahead):
        assert (reuse, ahead) == (False, None)
        given.extend(cases)
        yield Judgement(verdict=Verdict.ACCEPTED, per_test=(), cpu_s=0.0)

    monkeypatch.setattr(module, "judge_all", judge_all)
    with sole_writer(tmp_path / "evaluations.jsonl") as file:
        (evaluation,) = evaluate(
            [sample], {"a": problem}, file, extraction="first", jail=Jail(), workers=2, exhaustive=True, reuse=False,
            card=PromptCardId(name="c", sha256="h", stop=("\nEND",)),
        )  # fmt: skip

    assert given == [Case(program="def f(): return 1", tests=problem.tests, limits=Limits(cpu_s=7.0), exhaustive=True)]
    assert (evaluation.extraction, evaluation.discarded_chars) == ("stop", 12)


def test_samples_of_a_task_get_the_very_same_tests(monkeypatch, judge, samples, problems):
    """A problem is looked up once for all of its samples, so that the judge may keep its examiner."""
    given = []

    def judge_all(cases, _jail, _workers, _halt, **_):
        for case in cases:
            given.append(case.tests)
            yield Judgement(verdict=Verdict.ACCEPTED, per_test=(), cpu_s=0.0)

    monkeypatch.setattr(module, "judge_all", judge_all)
    judge(samples)

    assert problems.looked_up == ["a", "b"]
    assert given[0] is given[1]
    assert given[2] is given[3]


def test_a_row_is_on_disk_before_the_next_sample_is_judged(tmp_path, judged, samples, problems):
    """A kill costs no more than what is being judged."""
    path = tmp_path / "evaluations.jsonl"

    with sole_writer(path) as file:
        evaluations = evaluate(samples, problems, file, extraction="whole", jail=Jail(), workers=2)
        for number, _ in enumerate(evaluations, 1):
            assert len(judged_before(path, by_key(samples))) == number == len(judged)


def test_what_was_judged_is_found_again(tmp_path, judge, judged, samples):
    """A half-written row is cut off, and only what is whole counts as judged."""
    path = tmp_path / "evaluations.jsonl"
    whole = judge(samples)
    path.write_bytes(path.read_bytes()[:-20])

    assert judged_before(path, by_key(samples)) == whole[:3]
    assert judge(samples[3:]) == whole[3:]
    assert judged_before(path, by_key(samples)) == whole
    assert judged == ["a0", "a1", "b0", "b1", "b1"]


@pytest.mark.usefixtures("judged")
def test_evaluations_of_other_samples_are_refused(tmp_path, judge, samples, make_sample):
    """A missing sample, another completion, and a row that stands there twice don't belong to this run."""
    path = tmp_path / "evaluations.jsonl"
    judge(samples)

    with pytest.raises(UserError, match=r"\('m', 'b', 1\) is not a sample of this run"):
        judged_before(path, by_key(samples[:3]))
    with pytest.raises(UserError, match=r"\('m', 'b', 1\) is not a sample of this run"):
        judged_before(path, by_key([*samples[:3], make_sample("b", 1, completion="other")]))
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(UserError, match=r"\('m', 'a', 0\) is not a sample of this run"):
        judged_before(path, by_key(samples))


@pytest.mark.usefixtures("judged")
def test_a_sandbox_error_is_judged_again(tmp_path, judge, samples):
    """What was our fault doesn't stay; the row of the second judgement takes its place."""
    path = tmp_path / "evaluations.jsonl"
    whole = judge(samples)
    path.write_text(path.read_text().replace("accepted", "sandbox_error", 1))

    assert judged_before(path, by_key(samples)) == whole[1:]
    again = judge(samples[:1])
    assert judged_before(path, by_key(samples)) == (*whole[1:], *again)


def test_two_writers_are_refused(tmp_path):
    """A second process would judge everything twice."""
    path = tmp_path / "evaluations.jsonl"
    with sole_writer(path), pytest.raises(UserError, match="another proctor is writing this run"), sole_writer(path):
        pass
