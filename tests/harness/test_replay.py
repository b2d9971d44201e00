"""The backend that answers with what was recorded."""

import json

import pytest

from harness.errors import UserError
from harness.generation.backend import Completion
from harness.generation.backends.replay import replay
from harness.generation.generate import requests_of
from harness.runs.records import Sampling

SAMPLING = Sampling(n=2, temperature=0.5, top_p=0.9, max_tokens=8, stop=(), seed=0)
PLAN = requests_of({"1": "", "2": ""}, SAMPLING)
ROWS = (
    {"task_id": "2", "index": 0, "completion": "c", "finish_reason": "length", "prompt_tokens": 5, "tokens": 8},
    {"task_id": 1, "completion": "a"},
    {"task_id": 1, "completion": "b"},
    {"task_id": "2", "index": 1, "completion": "", "finish_reason": "context"},
)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes rows of JSON Lines and returns the file's name."""

    def write_rows(*rows, name="rows.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return str(tmp_path / name)

    return write_rows


def answers(model, missing=None, **options):
    """Return what is answered to the missing requests, all of them if nothing is said."""
    with replay.load(model, options) as engine:
        missing = {request.key for request in PLAN} if missing is None else missing
        return {drawn.request.key: drawn.completion for drawn in engine.generate(PLAN, missing, SAMPLING)}


def completion(text, finish_reason="stop", prompt_tokens=None, tokens=None):
    """Return a completion."""
    return Completion(text=text, finish_reason=finish_reason, prompt_tokens=prompt_tokens, tokens=tokens)


def test_answers_by_task_and_index(write):
    """In any order of the file, with all that the rows say; an index that isn't given is counted."""
    assert answers(write(*ROWS)) == {
        ("1", 0): completion("a"),
        ("1", 1): completion("b"),
        ("2", 0): completion("c", "length", 5, 8),
        ("2", 1): completion("", "context"),
    }


def test_draws_only_what_is_missing(write):
    """Nothing is computed together, so nothing is drawn beside it."""
    assert set(answers(write(*ROWS), {("1", 1)})) == {("1", 1)}


def test_the_folder_of_a_run(write, tmp_path):
    """Its samples are replayed."""
    write(*ROWS, name="run/samples.jsonl")

    assert answers(str(tmp_path / "run"))["1", 0] == completion("a")


def test_the_file_is_part_of_the_identity(write):
    """By its SHA-256: other samples are another run."""
    with replay.load(write(*ROWS), {}) as one, replay.load(write(*ROWS[:3], name="other.jsonl"), {}) as other:
        assert one.producer.weights != other.producer.weights
        assert (one.producer.backend, one.producer.repeatable) == ("replay", "yes")


def test_one_policy_of_several(write):
    """An option chooses it, and is part of the identity."""
    model = write({"task_id": 1, "completion": "x", "model": "p"}, {"task_id": 1, "completion": "y", "model": "q"})

    assert answers(model, {("1", 0)}, policy="q") == {("1", 0): completion("y")}
    with replay.load(model, {"policy": "q"}) as engine:
        assert engine.producer.options == {"policy": "q"}
    with pytest.raises(UserError, match=r"rows\.jsonl: holds samples of p, q; choose one with --option policy=NAME"):
        answers(model)


def test_a_missing_sample_is_named_before_any_is_drawn(write):
    """A run over half a recording would be no run."""
    model = write(*ROWS[:3])

    with replay.load(model, {}) as engine, pytest.raises(UserError, match="has no sample 1 of task 2; replay fewer"):
        next(engine.generate(PLAN, {request.key for request in PLAN}, SAMPLING))


@pytest.mark.parametrize(
    ("text", "options", "problem"),
    [
        (None, {}, "there is no such file"),
        ('[["a"]]', {}, "is a list of generations, without task ids"),
        ('{"task_id": 1}', {}, "neither `completion` nor `solution`"),
        ('{"task_id": 1, "completion": ""}', {"policy": "p"}, "holds no samples of p; nothing to replay"),
        (
            '{"task_id": 1, "completion": ""}',
            {"batch_size": 2},
            "replay: there is no option 'batch_size'. Choose from policy",
        ),
    ],
)
def test_a_mistake_is_one_line(tmp_path, text, options, problem):
    """What is wrong with the file or the options is told before anything is drawn."""
    path = tmp_path / "rows.jsonl"
    if text is not None:
        path.write_text(text)

    with pytest.raises(UserError, match=problem):
        answers(str(path), **options)
