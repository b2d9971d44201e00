"""Names files that hold no samples, or samples in a form that is not read."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.formats import evalplus
from harness.formats.head import Head

_INSTEAD = "give JSON Lines with a task_id and a completion each; docs/scoring.md lists the other formats"
_MAGIC = (
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "an array of numpy"),
    (b"\xfd7zXZ", "packed with xz; unpack it"),
    (b"BZh", "packed with bzip2; unpack it"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd; unpack it"),
    (b"7z\xbc\xaf", "packed with 7z; unpack it"),
    (b"\xff\xfe\0\0", "encoded as UTF-32; save it as UTF-8"),
    (b"\0\0\xfe\xff", "encoded as UTF-32; save it as UTF-8"),
    (b"\xff\xfe", "encoded as UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "encoded as UTF-16; save it as UTF-8"),
    (b"version https://git-lfs", "a pointer of Git LFS; fetch the file itself with git lfs pull"),
    (b"%PDF", "a PDF document"),
    (b"%YAML", "a YAML document"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_OBJECTS: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
    ("a run.json of proctor; give the folder of the run", lambda row: {"samples_sha256", "conditions"} <= row.keys()),
    ("a result.json of proctor; samples are in samples.jsonl beside it", lambda row: {"schema", "tallies"} <= row.keys()
        or {"policy", "tallies"} <= row.keys() or {"schema", "policy", "conditions"} <= row.keys()),
    ("an evaluations.jsonl of proctor; samples are in samples.jsonl beside it",
        lambda row: {"completion_sha256", "verdict"} <= row.keys()),
    ("a file of results of lm-evaluation-harness (lm-eval); give its samples_*.jsonl, which --log_samples writes",
        lambda row: "results" in row and not row.keys().isdisjoint({"configs", "n-shot", "lm_eval_version"})),
    ("an output of OpenCompass", lambda row: any(
        isinstance(value, dict) and {"origin_prompt", "prediction"} <= value.keys() for value in row.values())),
    ("a review or prediction of evalscope", lambda row: "sample_score" in row or {"index", "model_output"} <= row.keys()
        or {"index", "model", "choices"} <= row.keys()),
    ("a file of rollouts of verl", lambda row: {"input", "output"} <= row.keys() and "task_id" not in row),
    ("the input of an OpenAI batch; give its output", lambda row: {"custom_id", "body"} <= row.keys()),
    ("problems of LiveCodeBench or LiveBench (public_test_cases)", lambda row: "public_test_cases" in row),
    ("problems of HumanEvalPack", lambda row: "buggy_solution" in row),
    ("problems of BigCodeBench", lambda row: {"complete_prompt", "instruct_prompt"} <= row.keys()),
    ("problems of HumanEval+ or MBPP+; name it as --data", lambda row: "plus_input" in row),
    ("problems of HumanEval; name it as --data",
        lambda row: {"task_id", "prompt", "test"} <= row.keys() and "canonical_solution" in row),
    ("problems of MBPP; name it as --data", lambda row: {"task_id", "test_list"} <= row.keys()),
    ("problems of APPS or of a set of its form (input_output)", lambda row: "input_output" in row
        or {"inputs", "outputs"} <= row.keys()),
    ("problems of a training set (problem, tests)", lambda row: {"problem", "tests"} <= row.keys()),
    ("groups for training (prompt, chosen, rejected)", lambda row: {"chosen", "rejected"} <= row.keys()),
    ("scores of some tool, not samples", lambda row: bool(row) and all(
        isinstance(value, dict) and any("pass@" in name for name in value) for value in row.values())),
    ("a log of requests to a server", lambda row: {"request", "response"} <= row.keys()),
    ("chats (messages)", lambda row: "messages" in row and "task_id" not in row),
)  # fmt: skip


def description(head: Head, name: str) -> str:
    """Return what a file is that no format recognises, and what to give instead.

    Args:
        head: beginning of the file.
        name: of the file.

    Returns:
        A clause such as "is a Parquet file; give JSON Lines ...", "" where the kind is unknown.
    """
    what = _kind(head, name)
    verb = "holds" if what.startswith(("problems", "scores")) else "is"
    return f"{verb} {what}{'' if '; ' in what else f'; {_INSTEAD}'}" if what else ""


def _kind(head: Head, name: str) -> str:
    for magic, what in _MAGIC:
        if head.data.startswith(magic):
            return what
    if head.names:
        return "a zip archive, but no log of inspect_ai" if head.data else ""
    if _PICKLE.match(head.data):
        return "a pickle, which is never loaded"
    if b"\0" in head.data[:4096]:
        return "a binary file of an unknown kind, or text encoded as UTF-16"
    return _kind_of_json(head) if head.first in {"[", "{"} else _kind_of_text(head, name)


def _kind_of_json(head: Head) -> str:
    if head.first == "{" or head.row or not head.rows:
        return _kind_of_object(head)
    if isinstance(head.rows[0], str):
        return "a list of texts, such as the references of bigcode-evaluation-harness, not a list of lists of programs"
    return "a JSON list of neither objects nor lists"


def _kind_of_object(head: Head) -> str:
    if evalplus.is_older(head):
        return f"{evalplus.OLDER_TITLE}; give the samples, and this file as --recorded"
    return next((what for what, is_this in _OBJECTS if is_this(head.row)), "")


def _kind_of_text(head: Head, name: str) -> str:
    line = head.data[:4096].split(b"\n", 1)[0]
    if head.first == "<":
        return "an HTML or XML document, perhaps the message of a server in place of the file"
    for ending, sign, what in ((".csv", b",", "CSV"), (".tsv", b"\t", "TSV")):
        if name.endswith((ending, f"{ending}.gz")) or (sign in line and re.search(rb"task_id|completion", line)):
            return f"a table ({what})"
    if name.endswith((".py", ".py.gz")):
        return "a Python file; a folder of programs is read as evalplus takes it: HumanEval_0/0.py"
    if name.endswith((".yaml", ".yml")):
        return "a YAML document"
    return "no JSON"
