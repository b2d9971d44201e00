"""Samples as others write them."""

import gzip
import json

import pytest

from harness.benchmarks.benchmark import Benchmark
from harness.benchmarks.mbpp import mbpp
from harness.errors import UserError
from harness.formats.given import SampleSource
from harness.formats.read import read_recorded, read_samples
from harness.runs.jsonl import as_row
from harness.runs.records import Sample


@pytest.fixture
def read(make_problem, tmp_path):
    """Return a function that reads samples of a benchmark with tasks 1 (prompts), 2, 3 (test) and 4 (train)."""
    splits = {"1": "prompts", "2": "test", "3": "test", "4": "train"}
    problems = {task_id: make_problem(task_id, split) for task_id, split in splits.items()}
    toy = Benchmark(name="toy", problems=lambda _: problems, canonical_id=mbpp.canonical_id)

    def read_once(path):
        return tuple(read_samples(path, toy, problems, tmp_path).samples.rows())

    return read_once


@pytest.fixture
def write(tmp_path):
    """Return a function that writes rows of JSON Lines to a file."""

    def write_rows(*rows, name="rows.jsonl"):
        path = tmp_path / name
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return path

    return write_rows


def test_human_eval_rows(read, write):
    """`task_id` and `completion`: the file's name is the policy, the index counts each task on its own."""
    path = write(
        {"task_id": "2", "completion": "a"}, {"task_id": "3", "completion": "b"}, {"task_id": "2", "completion": "c"}
    )

    assert read(path) == (
        Sample(policy="rows", task_id="2", index=0, completion="a"),
        Sample(policy="rows", task_id="3", index=0, completion="b"),
        Sample(policy="rows", task_id="2", index=1, completion="c"),
    )


def test_evalplus_rows(read, write):
    """`Mbpp/2` is task 2, and a `solution` is the whole program, also beside a completion."""
    path = write({"task_id": "Mbpp/2", "solution": "whole", "completion": "part", "_identifier": "Mbpp/2 (line 1)"})

    assert read(path) == (Sample(policy="rows", task_id="2", index=0, completion="whole"),)


def test_rows_with_model_and_sample_id(read, write):
    """Number ids, `model` and `sample_id` are taken as they are, verdicts of others ignored; cut off is remembered."""
    path = write(
        {"task_id": 2, "model": "gpt", "sample_id": 7, "completion": "a", "passed": True, "upstream_n": 10},
        {"task_id": 2, "policy": "other", "index": 7, "completion": "b", "finish_reason": "length"},
        {"task_id": 2, "policy": "third", "completion": "c", "cut_off": True},
        {"task_id": 2, "policy": "fourth", "completion": "d", "finish_reason": "content_filter"},
    )

    assert read(path) == (
        Sample(policy="gpt", task_id="2", index=7, completion="a"),
        Sample(policy="other", task_id="2", index=7, completion="b", finish_reason="length"),
        Sample(policy="third", task_id="2", index=0, completion="c", finish_reason="length"),
        Sample(policy="fourth", task_id="2", index=0, completion="d"),
    )


def test_bigcode_generations(read, tmp_path):
    """The i-th list belongs to the i-th problem of the test split; lists may be missing at the end."""
    path = tmp_path / "generations.json"
    path.write_text('\n[["a", "b"]]')

    assert read(path) == (
        Sample(policy="generations", task_id="2", index=0, completion="a"),
        Sample(policy="generations", task_id="2", index=1, completion="b"),
    )


def test_a_list_for_each_problem_is_not_too_many(read, tmp_path):
    """Two lists, and two problems in the test split."""
    path = tmp_path / "generations.json"
    path.write_text('[["a"], ["b"]]')

    assert [(sample.task_id, sample.completion) for sample in read(path)] == [("2", "a"), ("3", "b")]


def test_recorded_samples_keep_their_task_ids(write):
    """Without a benchmark nobody knows them better; a list of generations names none."""
    assert [
        (sample.task_id, sample.index) for sample in read_recorded(write({"task_id": "x/1", "completion": "a"}))
    ] == [("x/1", 0)]
    path = write(name="generations.json")
    path.write_text('[["a"]]')
    with pytest.raises(UserError, match="is a list of generations, without task ids"):
        next(read_recorded(path))


def test_too_many_generations(read, tmp_path):
    """More lists than problems in the test split can't be told apart."""
    path = tmp_path / "generations.json"
    path.write_text('[["a"], ["b"], ["c"]]')

    with pytest.raises(UserError, match=r"generations\.json: holds 3 lists .* the test split of toy has 2 problems"):
        read(path)


@pytest.mark.parametrize("text", ['[["a"], 3]', "[1", '["a"]'])
def test_generations_of_another_shape(read, tmp_path, text):
    """Only a list of lists of texts will do."""
    path = tmp_path / "generations.json"
    path.write_text(text)

    with pytest.raises(UserError, match=r"generations\.json: "):
        read(path)


def test_our_own_samples_come_back_unchanged(read, tmp_path):
    """What a run folder holds is read from the folder or the file, prompt and seed included."""
    samples = (
        Sample(policy="m", task_id="2", index=3, completion="a", prompt="p", seed=5, finish_reason="length", tokens=9),
        Sample(policy="m", task_id="3", index=0, completion="b"),
    )
    (tmp_path / "samples.jsonl").write_bytes(b"".join(map(as_row, samples)))

    assert read(tmp_path) == samples
    assert read(tmp_path / "samples.jsonl") == samples


def test_gzip_is_read_and_no_part_of_the_policy(read, tmp_path):
    """`gpt-4.1.jsonl.gz` holds samples of the policy `gpt-4.1`."""
    path = tmp_path / "gpt-4.1.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"task_id": 2, "completion": ""}\n'))

    assert read(path) == (Sample(policy="gpt-4.1", task_id="2", index=0, completion=""),)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"task_id": "Mbpp/9", "completion": ""}, "toy has no task 'Mbpp/9'; the 4 loaded run from '1' to '4'"),
        ({"task_id": "HumanEval/2", "completion": ""}, "toy has no task 'HumanEval/2'"),
        ({"task_id": 2.5, "completion": ""}, "toy has no task '2.5'"),
        ({"task_id": [2], "completion": ""}, "toy has no task '[2]'"),
        ({"completion": "a"}, "has no `task_id`"),
        ([2], "Expected `object`, got `array`"),
    ],
)
def test_a_row_of_no_task_is_named(read, write, row, problem):
    """One line says file, line and what is wrong."""
    path = write({"task_id": 3, "completion": ""}, row)

    with pytest.raises(UserError) as caught:
        read(path)

    assert str(caught.value).startswith(f"{path}:2: ")
    assert problem in str(caught.value)
    assert str(caught.value).isprintable()


def test_rows_without_a_program_are_named_by_their_keys(read, write):
    """Where no row has a completion, the file is another."""
    with pytest.raises(UserError, match=r":1: has neither `completion` nor `solution`.* but task_id, generation$"):
        read(write({"task_id": 2, "generation": "a"}))


def test_a_sample_stands_there_once(read, write):
    """The same policy, task and index twice is a mistake, whichever way the task is written."""
    path = write(
        {"task_id": 3, "completion": "c", "sample_id": 0},
        {"task_id": 2, "completion": "a", "sample_id": 0},
        {"task_id": "MBPP/2", "completion": "b", "sample_id": 0},
    )

    with pytest.raises(UserError, match=r"rows\.jsonl:3: sample 0 of task 2 by rows is already at .*rows\.jsonl:2"):
        read(path)


@pytest.mark.parametrize(("name", "text"), [("rows.jsonl", ""), ("rows.jsonl", "\n\n"), ("rows.json", "[]")])
def test_nothing_to_judge(read, tmp_path, name, text):
    """A file without samples is refused."""
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(UserError, match=r"rows\.jsonl?: (is empty|holds no samples)"):
        read(path)


def test_a_folder_that_is_no_run(read, tmp_path):
    """A folder without samples.jsonl is told by what it lacks."""
    with pytest.raises(UserError, match=r"is neither the folder of a run, which has a samples\.jsonl, nor"):
        read(tmp_path)


def test_reading_samples_decodes_no_problem(write, lazy_problems, tmp_path):
    """Their ids are enough, also for many samples."""
    problems = lazy_problems("12")
    toy = Benchmark(name="toy", problems=lambda _: problems)

    copy = read_samples(write({"task_id": 1, "completion": "a"}), toy, problems, tmp_path).samples

    assert list(copy) == [("rows", "1", 0)]
    assert problems.looked_up == []


def test_rows_are_parsed_once(write, make_problem, tmp_path, monkeypatch):
    """However many there are, and whatever they are wanted for."""
    parsed = []
    rows_of = SampleSource.rows
    monkeypatch.setattr(
        SampleSource, "rows", lambda source, type_: (parsed.append(row[0]) or row for row in rows_of(source, type_))
    )
    rows = [{"task_id": 1, "completion": "a"}, {"task_id": 1, "completion": "b"}]

    toy = Benchmark(name="toy", problems=lambda _: {})
    copy = read_samples(write(*rows), toy, {"1": make_problem()}, tmp_path).samples

    assert copy.tally.counts == {("rows", "1"): 2}
    assert [where.rpartition(":")[2] for where in parsed] == ["1", "2"]
