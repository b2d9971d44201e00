"""Samples of three programs as each tool writes them."""

import gzip
import io
import json
import tarfile
import zipfile

from harness.benchmarks.benchmark import Benchmark
from harness.benchmarks.humaneval import humaneval
from harness.runs.records import Problem
from sandbox.records import AssertTest

FUNCTIONS = ("add", "sub", "mul", "div")
PROBLEMS = {
    f"HumanEval/{number}": Problem(
        task_id=f"HumanEval/{number}", benchmark="humaneval", split="test", statement="", entry_point=name,
        tests=(AssertTest(code=f"assert {name}(1)", names=(name,)),),
    )
    for number, name in enumerate(FUNCTIONS)
}  # fmt: skip
HUMANEVAL = Benchmark(name="humaneval", problems=lambda _: PROBLEMS, canonical_id=humaneval.canonical_id)
A, B = "def add(): pass", "def sub(): pass"
READ = [("HumanEval/0", 0, A), ("HumanEval/0", 1, B), ("HumanEval/1", 0, B)]


def jsonl(*rows):
    """Return rows as JSON Lines, as Python writes them."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def tar(files):
    """Return a tar archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def zipped(files, method=zipfile.ZIP_DEFLATED):
    """Return a zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, bytes | str) else json.dumps(content))
    return packed.getvalue()


def chat(text, **more):
    """Return an answer of OpenAI's protocol."""
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop", "stop_reason": "stop"}
    return {"model": "gpt", "choices": [choice], **more}


def batch(custom_id, text, **more):
    """Return a row of a batch's output."""
    return {"custom_id": custom_id, "response": {"status_code": 200, "body": chat(text)}, "error": None, **more}


def logged(task, epoch, text, value="C"):
    """Return a sample of a log of inspect_ai."""
    return {"id": task, "epoch": epoch, "output": chat(text), "scores": {"verify": {"value": value}}}


def lm_eval(task, *programs, filter_name="create_test"):
    """Return a row of lm-eval's samples."""
    return {
        "doc_id": 0, "doc": {"task_id": task}, "resps": [["raw"] * len(programs)], "filtered_resps": [list(programs)],
        "filter": filter_name,
    }  # fmt: skip


SAMPLES = (logged("HumanEval/0", 1, A), logged("HumanEval/0", 2, B, "I"), logged("HumanEval/1", 1, B))
START = {"version": 2, "status": "success", "eval": {"task": "humaneval", "model": "m"}}
PROGRAMS = {"m/HumanEval_0/0.py": A, "m/HumanEval_0/1.py": B, "m/HumanEval_1/0.py": B}
ROWS = (
    {"task_id": "HumanEval/0", "completion": A},
    {"task_id": "HumanEval/0", "completion": B},
    {"task_id": "HumanEval/1", "completion": B},
)
RESULTS = {
    "date": "", "hash": "84f4b93a1270b492e4c54d5212da7a5b", "eval": {
        "HumanEval/0": [{"solution": A, "base_status": "pass"}, {"solution": B, "base_status": "fail"}],
        "HumanEval/1": [{"solution": B, "base_status": "pass"}],
    },
}  # fmt: skip
GIVEN = {
    "rows": jsonl(*ROWS),
    "rows in a list": ROWS,
    "rows with a byte-order mark": b"\xef\xbb\xbf" + jsonl(*ROWS),
    "a list with a byte-order mark": b"\xef\xbb\xbf" + json.dumps(ROWS).encode(),
    "packed rows": gzip.compress(jsonl(*ROWS)),
    "generations": [[A, B], [B]],
    "lm-eval": jsonl(
        lm_eval("HumanEval/0", A, B), lm_eval("HumanEval/1", B), lm_eval("HumanEval/1", A, filter_name="another")
    ),
    "openai-batch": jsonl(batch("HumanEval/1-0", B), batch("HumanEval/0#1", B), batch("HumanEval/0_sample_0", A)),
    "inspect-json": {**START, "results": {"scores": []}, "samples": SAMPLES},
    "inspect-eval": zipped({
        "_journal/start.json": START, "header.json": START,
        **{f"samples/{sample['id']}_epoch_{sample['epoch']}.json": sample for sample in SAMPLES},
    }),
    "eval-results": RESULTS,
    "livecodebench": [
        {"question_id": "HumanEval/0", "output_list": ["x", "y"], "code_list": [A, B], "graded_list": [True, False]},
        {"question_id": "HumanEval/1", "output_list": ["x"], "code_list": [B]},
    ],
    "evalplus-archive": tar(PROGRAMS),
    "by-task": {"HumanEval/0": [A, B], "HumanEval/1": B},
    "lists of programs in rows": jsonl({"task_id": 0, "solution": [A, B]}, {"task_id": 1, "solution": [B]}),
}  # fmt: skip
