"""Runs the usages that docs/exit-codes.md lists, in a folder that holds one of everything.

`python tests/harness/wrong_usages.py` writes into the document what they do today: read the difference, then keep it.
"""

import gzip
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from harness.benchmarks.mini import mini
from harness.cli.main import run

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "exit-codes.md"
TASKS = ("introductory/change_in_coins", "introductory/longest_even_run")
SHORTENED = "..."
_ROW = re.compile(r"\| (`+)(?P<usage>.+?)\1 \| (?P<code>\d*) \| (?:(`+) ?(?P<line>.*?) ?\4)? *\|")
_NEEDS_A_SHELL = re.compile(r"[<>|;$*]|&&|^(?!proctor )| # without ")
_MAIN = """
import os, sys
sys.modules.update(dict.fromkeys(os.environ.get("WITHOUT", "").split()))
from harness.cli.main import main
main()
"""


class Usage(NamedTuple):
    """Holds a row of the document: a command line, its exit code, and the last line on stderr."""

    text: str
    code: int
    line: str


def usages_in(document):
    """Return the rows of the document's tables."""
    found = (_ROW.fullmatch(line) for line in document.splitlines())
    return [
        Usage(row["usage"].strip().replace("\\|", "|"), int(row["code"] or -1), (row["line"] or "").replace("\\|", "|"))
        for row in found
        if row
    ]


def row_of(usage):
    """Return the row of a usage as the document has it."""
    return f"| {_code(usage.text)} | {usage.code} | {_code(usage.line) if usage.line else ''} |"


def _code(text):
    fence = "``" if "`" in text else "`"
    blank = " " if fence == "``" else ""
    return f"{fence}{blank}{text}{blank}{fence}".replace("|", "\\|")


def agrees(line, printed):
    """Tell whether a line of the document is the one printed, where `...` stands for any text."""
    return re.fullmatch(".*".join(map(re.escape, line.split(SHORTENED))), printed) is not None


def result_of(text, place):
    """Run a usage in a folder; return its exit code and what it printed on stderr."""
    if _NEEDS_A_SHELL.search(text):
        return _by_a_shell(text, place)
    printed, reported = io.StringIO(), io.StringIO()
    with chdir(place), redirect_stdout(printed), redirect_stderr(reported):
        code = run(shlex.split(text)[1:])
    return code, reported.getvalue()


def _by_a_shell(text, place):
    command, _, library = text.partition(" # without ")
    path = f"{place.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [shutil.which("bash"), "-c", command],
        cwd=place,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "WITHOUT": library},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return ended.returncode, ended.stderr.decode("utf-8", "backslashreplace")


def make_place(folder):
    """Fill a new folder with samples, runs, groups, a model's folder and faulty ones, and put a `proctor` beside it."""
    (folder / "bin").mkdir()
    (folder / "bin" / "proctor").write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c '{_MAIN}' \"$@\"\n")
    (folder / "bin" / "proctor").chmod(0o755)
    place = folder / "place"
    place.mkdir()
    with chdir(place), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        _write_files()
        _write_runs()
    return place


def _jsonl(name, *rows):
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def _sample(task_id, completion, number=0, **more):
    return {"task_id": task_id, "completion": completion, "sample_id": number} | more


def _write_files():
    """Write files: of a user, and damaged, empty or other ones."""
    problems = mini.problems(None)
    right = [_sample(task, problems[task].reference) for task in TASKS]
    _jsonl("tries.jsonl", *right)
    _jsonl("worse.jsonl", right[0], _sample(TASKS[1], "pass"))
    _jsonl("two.jsonl", *(row | {"policy": policy} for policy in ("base", "sft") for row in right))
    _jsonl("other.jsonl", _sample("Mbpp/2", "pass"))
    _jsonl("twice.jsonl", right[0], right[0])
    _jsonl("keyless.jsonl", {"completion": "pass"})
    _jsonl("rows.jsonl", {"prompt": "one", "completions": ["1", "2"], "rewards": [1.0, -1.0]})
    _jsonl("rewardless.jsonl", {"prompt": "one", "completion": "1"})
    _jsonl("mbpp.jsonl", {"task_id": 2, "text": "f", "code": "def f(): return 1", "test_list": ["assert f() == 1"]})
    Path("empty.jsonl").touch()
    Path("words.jsonl").write_text("these are words\n")
    Path("binary.jsonl").write_bytes(bytes(range(256)))
    Path("torn.jsonl.gz").write_bytes(gzip.compress(Path("tries.jsonl").read_bytes())[:-20])
    Path("plain.jsonl.gz").write_bytes(Path("mbpp.jsonl").read_bytes())
    Path("numbers.json").write_text("[1, 2]")
    Path("object.json").write_text('{"a": 1}')
    Path("broken.json").write_text('{"a": ')
    Path("broken.toml").write_text("a = = 1\n")
    Path("keys.toml").write_text('nosuch = "1"\n')
    Path("thing.py").write_text("thing = 1\n")
    Path("checkers.json").write_text(json.dumps({TASKS[0]: "tokns"}))
    for folder in ("vacant", "notes", "model", "adapter", "weightless"):
        Path(folder).mkdir()
    Path("notes/note.txt").write_text("a note\n")
    Path("model/config.json").write_text('{"model_type": "nosuch"}')
    Path("adapter/adapter_config.json").write_text("{}")
    _write_studies()


def _write_studies():
    steps = {
        "study": 'command = "benchmarks"',
        "strange": 'command = "scor tries.jsonl"',
        "option": 'command = "score tries.jsonl --benchmrk mini"',
        "value": 'command = "score tries.jsonl --benchmark mini --k 0 --out {out}"',
    }
    about = 'about = "one step"\n'
    for name, step in steps.items():
        Path(f"{name}.toml").write_text(f"{about}[steps.one]\n{step}\n")
    absent = '[files]\ntries = "nosuch.jsonl"\n[steps.one]\ncommand = "runs {tries}"\n'
    Path("absent.toml").write_text(f"{about}{absent}")


def _write_runs():
    """Write runs and groups with commands of ours, and damage copies of them."""
    score = ["score", "--benchmark", "mini", "--workers", "1"]
    for name, out in (("tries", "sft"), ("worse", "base"), ("two", "two")):
        assert run([*score, f"{name}.jsonl", "--out", f"runs/{out}"]) == 0
    for number in "12":
        assert run([*score, "tries.jsonl", "--shard", f"{number}/2", "--out", f"runs/shard-{number}"]) == 0
    for name in ("torn", "old", "unfinished"):
        shutil.copytree("runs/sft", f"runs/{name}")
    for file in ("run.json", "result.json"):
        Path(f"runs/torn/{file}").write_bytes(Path(f"runs/sft/{file}").read_bytes()[:100])
        Path(f"runs/old/{file}").write_text(
            re.sub(r'"schema": \d+', '"schema": 1', Path(f"runs/sft/{file}").read_text())
        )
    Path("runs/unfinished/result.json").unlink()
    Path("runs/unfinished/evaluations.jsonl").write_bytes(b"")
    assert run(["compile", "rows", "rows.jsonl", "--group-size", "2", "--workers", "1", "--out", "groups"]) == 0
    assert run(["miniature", "base", "--out", "tiny"]) == 0
    shutil.copytree("groups", "damaged")
    Path("damaged/groups.parquet").write_bytes(b"PAR1")


def left_by(text, place):
    """Run a usage; return its exit code, what it printed on stderr, and what it left, which is removed again."""
    before = _files_in(place)
    code, reported = result_of(text, place)
    left = sorted(_files_in(place) - before)
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    return code, reported, [str(path.relative_to(place)) for path in left]


def _files_in(place):
    """Return the paths of files and folders; a study's folder holds what it knows of files, Python's its modules."""
    return {path for path in place.rglob("*") if not {"__pycache__", "study"} & set(path.parts)}


def rewritten(document, place):
    """Return the document with what the usages do today; a line that agrees stays as it is."""
    for row in filter(_ROW.fullmatch, document.splitlines()):
        (usage,) = usages_in(row)
        code, reported, left = left_by(usage.text, place)
        printed = reported.splitlines()[-1] if reported else ""
        if left or reported.count("\n") > 1:
            sys.stdout.write(f"{usage.text}\n    leaves {left}, prints {reported}\n")
        line = usage.line if agrees(usage.line, printed) else printed
        document = document.replace(row, row_of(Usage(usage.text, code, line)))
    return document


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        DOCUMENT.write_text(rewritten(DOCUMENT.read_text(), make_place(Path(name))))
