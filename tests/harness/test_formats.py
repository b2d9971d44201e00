"""Samples as other tools write them: each format is recognised, said, and read in one pass."""

import gzip
import io
import json
import zipfile

import msgspec
import pytest
from format_files import (
    GIVEN,
    HUMANEVAL,
    PROBLEMS,
    PROGRAMS,
    READ,
    ROWS,
    START,
    A,
    B,
    batch,
    jsonl,
    logged,
    tar,
    zipped,
)
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from harness.formats import archives, zips
from harness.formats import given as given_samples
from harness.formats.read import FORMAT_NAMES, ReadingSettings, read_samples


@pytest.fixture
def read(tmp_path):
    """Return a function that writes bytes, or JSON, to a file and reads it."""

    def read_file(content, name="model", **settings):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return read_samples(path, HUMANEVAL, PROBLEMS, tmp_path, ReadingSettings(**settings))

    return read_file


def found(reading):
    """Return task, index and completion of each sample."""
    return [(sample.task_id, sample.index, sample.completion) for sample in reading.samples.rows()]


@pytest.mark.parametrize("name", GIVEN)
def test_each_format_gives_the_same_samples(read, name):
    """Recognised by its content, whatever the file's name."""
    reading = read(GIVEN[name])

    assert sorted(found(reading)) == READ
    assert "read as " in reading.remarks[0]


@pytest.mark.parametrize("name", sorted(set(GIVEN) & set(FORMAT_NAMES)))
def test_a_format_can_be_forced(read, name):
    """By the name that the first remark gives."""
    reading = read(GIVEN[name], format_name=name)

    assert sorted(found(reading)) == READ
    assert reading.remarks[0].endswith(f"(--format {name})")


@pytest.mark.parametrize("above", ["", "m/"])
def test_a_folder_of_programs(read, tmp_path, above):
    """Of one model, or of several, each a folder; what else lies there is left out."""
    for name, text in {**PROGRAMS, "m/notes.txt": "x"}.items():
        path = tmp_path / "folder" / above / name.removeprefix("m/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    reading = read(None, "folder")

    assert sorted(found(reading)) == READ
    assert {policy for policy, _, _ in reading.samples} == {"m" if above else "folder"}


def test_standard_input(tmp_path, monkeypatch):
    """Under the name stdin, packed or not."""
    for content in (jsonl(*ROWS), gzip.compress(jsonl(*ROWS))):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

        reading = read_samples(tmp_path.__class__("-"), HUMANEVAL, PROBLEMS, tmp_path)

        assert found(reading) == READ
        assert {policy for policy, _, _ in reading.samples} == {"stdin"}
        assert reading.remarks[0].startswith("standard input: read as rows")


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        ("eval-results", {("HumanEval/0", 0): 1, ("HumanEval/0", 1): 0, ("HumanEval/1", 0): 1}),
        ("inspect-json", {("HumanEval/0", 0): 1, ("HumanEval/0", 1): 0, ("HumanEval/1", 0): 1}),
        ("livecodebench", {("HumanEval/0", 0): 1, ("HumanEval/0", 1): 0}),
        ("rows", {}),
    ],
)
def test_verdicts_of_the_other_tool_are_kept(read, name, recorded):
    """To be compared with ours."""
    reading = read(GIVEN[name])

    assert {key[1:]: place.line for key, place in reading.recorded.items()} == recorded
    assert reading.version == ("HumanEval+ v0.1.9" if name == "eval-results" else "")


@pytest.mark.parametrize("beside", [True, False])
def test_results_of_the_older_form_are_compared(read, tmp_path, beside):
    """Inside an archive, or given as --recorded: they hold no programs of their own."""
    old = {
        "date": "", "hash": "", "eval": {
            "HumanEval/0": {"nfiles": 2, "base": [["success", [1]], ["failed", []]], "plus": [["failed", []]] * 2},
            "HumanEval/1": {"nfiles": 1, "base": [["timed out", []]], "plus": [["failed", []]]},
        },
    }  # fmt: skip
    (tmp_path / "old.json").write_text(json.dumps(old))

    if beside:
        reading = read(tar({**PROGRAMS, "m/eval_results.json": json.dumps(old)}))
    else:
        reading = read(jsonl(*ROWS), recorded=tmp_path / "old.json")

    assert sorted((*key[1:], place.line) for key, place in reading.recorded.items()) == [
        ("HumanEval/0", 0, 1), ("HumanEval/0", 1, 0), ("HumanEval/1", 0, 0),
    ]  # fmt: skip
    with pytest.raises(UserError, match="older evalplus, which holds verdicts but no programs; give the samples"):
        read(None, "old.json")


def test_a_large_object_of_programs_is_read_task_by_task(read, monkeypatch):
    """The file as a whole may be longer than a row, and than what is read of its beginning."""
    monkeypatch.setattr(given_samples, "MOST_ROW_BYTES", 1 << 20)
    long = f"{A}#{'x' * 700_000}"

    reading = read({"HumanEval/0": [A, long], "HumanEval/1": [long]})

    assert found(reading) == [("HumanEval/0", 0, A), ("HumanEval/0", 1, long), ("HumanEval/1", 0, long)]


def test_requests_that_failed_are_counted(read):
    """With the first of them; they are no samples."""
    failed = {"custom_id": "HumanEval/2", "response": {"status_code": 429, "body": {"error": {"message": "busy"}}}}

    reading = read(jsonl(batch("HumanEval/0", A), failed, {"custom_id": "x", "response": None, "error": {"code": "e"}}))

    assert found(reading) == [("HumanEval/0", 0, A)]
    assert "2 requests of the batch failed and have no sample, the first at " in reading.remarks[1]


def test_a_slice_of_generations_is_refused_with_the_offset_that_fits(read):
    """Programs for problems 2 and 3 stand where 0 and 1 belong."""
    shifted = [["def mul(): pass"], ["def div(): pass"]]

    with pytest.raises(
        UserError, match=r"2 programs belong to other problems.*mul, for which HumanEval/2.*--offset 2 "
    ):
        read(shifted)

    assert [task for task, _, _ in found(read(shifted, offset=2))] == ["HumanEval/2", "HumanEval/3"]
    with pytest.raises(UserError, match="has 1 problems from --offset 3 on"):
        read(shifted, offset=3)


def test_numbers_of_another_set_are_refused(read):
    """Bare numbers would be taken for ids of this one, and every sample be wrong."""
    with pytest.raises(UserError, match=r"belong to other problems .*; check --benchmark"):
        read(jsonl({"task_id": 0, "completion": "def mul(): pass"}, {"task_id": 1, "completion": "def add(): pass"}))
    with pytest.raises(UserError, match="is of the task popularity of inspect_ai"):
        read({**START, "eval": {"task": "popularity"}, "samples": [logged(1, 1, "Yes")]})


ODD = st.sampled_from([
    "NaN", "-Infinity", "1e999", "9" * 5000, '"\\ud835"', '"\\udc00\\ud800"', "[[]]", '{"a": null}', "true", "null",
    '"\\u0000"', "2.0", "-1", '"label"', '[{"role": "user", "content": "\\ud835"}]',
])  # fmt: skip
KEYS = st.sampled_from(
    ["x", "prompt", "sample_id", "index", "seed", "model", "tokens", "finish_reason", "cut_off", "passed"]
)


@pytest.mark.slow
@given(st.dictionaries(KEYS, ODD, max_size=4))
def test_no_odd_value_stops_a_file(tmp_path_factory, members):
    """In whatever key but those of the task and the completion; the rows around it are what they were."""
    odd = "".join(f', "{key}": {value}' for key, value in members.items())
    row = f'{{"task_id": "HumanEval/1", "completion": "{B}"{odd}}}\n'.encode()
    path = tmp_path_factory.mktemp("odd") / "model"
    path.write_bytes(jsonl(ROWS[0]) + row + b"\n \n" + jsonl(ROWS[1]))

    reading = read_samples(path, HUMANEVAL, PROBLEMS, path.parent)

    assert sorted((task, text) for task, _, text in found(reading)) == [(task, text) for task, _, text in READ]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b'"\\ud835x"', "\ud835x"), (b'"\xed\xa0\xb5x"', "\ud835x"), (b'"\xffx"', "\udcffx"), (b'"a\tb"', "a\tb"),
        (b"null", ""), (b"NaN", ""), (b"7", ""), (b'{"role": "assistant", "content": "x"}', "x"),
        (b'[{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]', "xy"), (b'"\\u0000"', "\0"),
    ],
)  # fmt: skip
def test_a_completion_holds_whatever_it_holds(read, written, text):
    """It is kept as it is, or counts as without a program; the others are untouched."""
    reading = read(jsonl(ROWS[0]) + b'{"task_id": 1, "completion": ' + written + b"}\n")

    assert found(reading) == [READ[0], ("HumanEval/1", 0, text)]
    assert len(reading.remarks) == 1 + (text == "")
    assert [sample.completion for sample in reading.samples.of_task("HumanEval/1")] == [text]


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        (b'{"task_id": "HumanEval/1", "compl', r":2: the row is cut off"),
        (b'{"task_id": 1, "completion": tr', r":2: the row is cut off"),
        (b'{"task_id": "HumanEval/1", "compl\n', r":2: is not JSON"),
        (b'{"task_id": nonsense}', r":2: is not JSON"),
        (b'{"task_id": 1} {}', r":2: is not JSON"),
    ],
)
def test_only_a_last_line_without_its_end_is_cut_off(read, tail, problem):
    """Any other is broken, and named so."""
    with pytest.raises(UserError, match=problem):
        read(jsonl(ROWS[0]) + tail)


@pytest.mark.parametrize(
    ("content", "name", "what"),
    [
        (b"PAR1\0\0", "x.parquet", "is a Parquet file"),
        (b"task_id,completion\nHumanEval/0,x\n", "x.csv", r"is a table \(CSV\)"),
        ("{}".encode("utf-16"), "x.jsonl", "is encoded as UTF-16"),
        (b"\x80\x04\x95", "x.pkl", "is a pickle, which is never loaded"),
        (b"<html>", "x.jsonl", "is an HTML or XML document"),
        (b"version https://git-lfs.github.com/spec/v1\n", "x.jsonl", "is a pointer of Git LFS"),
        (zipped({"a.txt": "b"}), "x.zip", "is a zip archive, but no log of inspect_ai"),
        (["a", "b"], "x.json", "is a list of texts"),
        ([1], "x.json", "is a JSON list of neither"),
        ({"0": {"origin_prompt": "x", "prediction": "y"}}, "x.json", "is an output of OpenCompass"),
        ({"input": "x", "output": "y", "score": 1.0}, "x.jsonl", "is a file of rollouts of verl"),
        ({"index": 2, "sample_score": {}}, "x.jsonl", "of evalscope"),
        ({"results": {}, "configs": {}}, "x.json", "is a file of results of lm-evaluation-harness"),
        ({"custom_id": "a", "body": {}}, "x.jsonl", "is the input of an OpenAI batch; give its output"),
        ({"task_id": 1, "text": "", "test_list": []}, "x.jsonl", "holds problems of MBPP"),
        ([{"policy": "m", "schema": 4, "tallies": []}], "result.json", "is a result.json of proctor"),
        ({"humaneval": {"pass@1": 61.6}}, "result.json", "holds scores of some tool"),
    ],
)
def test_what_cant_be_read_is_named_for_what_it_is(read, content, name, what):
    """Not for a key that it lacks."""
    with pytest.raises(UserError, match=f"{name}: .*{what}"):
        read(content, name)


@pytest.mark.parametrize("cut", [0.3, 0.7, 0.99])
@pytest.mark.parametrize("name", ["inspect-eval", "evalplus-archive", "packed rows"])
def test_damaged_archives_are_said_to_be_so(read, name, cut):
    """In one line."""
    with pytest.raises(UserError, match="damaged"):
        read(GIVEN[name][: int(len(GIVEN[name]) * cut)])


@pytest.mark.parametrize("name", ["inspect-json", "eval-results", "generations", "rows in a list"])
def test_documents_that_are_cut_off_are_said_to_be_so(read, name):
    """At any place inside."""
    data = json.dumps(GIVEN[name]).encode()
    for length in range(len(data) // 3, len(data) - 1, 37):
        with pytest.raises(UserError, match=r"cut off|object or the end|is not JSON|holds no samples"):
            read(data[:length])


def test_what_is_made_to_fill_the_disk_is_refused(read, monkeypatch):
    """A packed file, and an entry of an archive."""
    monkeypatch.setattr(archives, "_FREE_BYTES", 1000)
    monkeypatch.setattr(zips, "MOST_ROW_BYTES", 1 << 20)
    blanks = b" " * (1 << 20)

    with pytest.raises(UserError, match="unpacks to more than 250 times its size"):
        read(gzip.compress(blanks))
    with pytest.raises(UserError, match=r"unpacks to more than|is longer than"):
        read(zipped({"header.json": "{}", "samples/HumanEval/0_epoch_1.json": blanks + b"{}"}))


def test_zstd_is_read_or_its_library_named(read, monkeypatch):
    """As newer versions of inspect_ai write it."""
    log = GIVEN["inspect-eval"]
    monkeypatch.setattr(zips, "_DEFLATED", -1)
    monkeypatch.setattr(zips, "_ZSTD", zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(zips, "_zstd_library", lambda: None)
    with pytest.raises(UserError, match=r"is packed by zstd; to read it: .*pip install 'proctor\[zstd\]'"):
        read(log)
    monkeypatch.undo()
    with_zstd = pytest.importorskip("backports.zstd.zipfile", reason="needs the extra zstd")
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(log)) as plain, with_zstd.ZipFile(packed, "w", with_zstd.ZIP_ZSTANDARD) as archive:
        for name in plain.namelist():
            archive.writestr(name, plain.read(name))

    assert sorted(found(read(packed.getvalue()))) == READ


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.binary(max_size=300), min_size=1, max_size=6))
def test_zips_are_read_as_zipfile_reads_them(tmp_path_factory, files):
    """Entries of any name and content."""
    path = tmp_path_factory.mktemp("zip") / "a"
    path.write_bytes(zipped({f"{number}{name!a}": data for number, (name, data) in enumerate(files.items())}))

    with path.open("rb") as file, zipfile.ZipFile(path) as archive:
        assert dict(zips.zip_entries(file, "a", lambda _: True)) == {
            name: archive.read(name) for name in archive.namelist()
        }


def test_chats_are_kept_as_our_own_are(read):
    """So that extraction sees that no completion goes on from them."""
    prompt = [{"content": "x", "role": "user"}]
    (sample,) = read(jsonl({**ROWS[0], "prompt": prompt})).samples.rows()

    assert sample.prompt == '[{"role":"user","content":"x"}]'
    assert msgspec.json.decode(sample.prompt) == [{"role": "user", "content": "x"}]
