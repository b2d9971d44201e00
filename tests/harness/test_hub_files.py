"""Files of the hub at a pinned revision, through the library and a server of our own; in a process for each hub."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from lcb_rows import stdin_row
from local_hub import serving

from harness.benchmarks.apps import HUB as APPS
from harness.benchmarks.livecodebench import HUB as LIVECODEBENCH

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("datasets") is None, reason="needs the extra hub"),
]
SCRIPT = """
from harness.benchmarks.{name} import {name}
opened = {name}.problems(None)
print(*opened)
print(*(len(problem.tests) for problem in opened.values()))
"""


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens a benchmark of a hub in a process of its own: its last lines, or its errors."""

    def opened(name, endpoint):
        script = SCRIPT.format(name=name)
        return subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {
                "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf"), "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "PYTHONPATH": str(Path(__file__).parents[2]), "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            },
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return opened


def data_set(folder, repo, files):
    """Lay out a data set with a loading script, as the hub's have, which must not be run."""
    home = folder / repo
    home.mkdir(parents=True)
    (home / f"{home.name}.py").write_text("raise SystemExit('the script was run')")
    for name, rows in files.items():
        (home / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def test_livecodebench_is_fetched_file_by_file_once(opened, tmp_path):
    """In the order of the releases; afterwards no hub is needed."""
    names = ["test.jsonl", "test2.jsonl", "test3.jsonl", "test4.jsonl", "test5.jsonl", "test6.jsonl"]
    data_set(tmp_path / "hub", LIVECODEBENCH, {name: [stdin_row(f"of_{name}")] for name in reversed(names)})

    with serving(tmp_path / "hub") as endpoint:
        first = opened("livecodebench", endpoint)
    again = opened("livecodebench", "http://127.0.0.1:9")

    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout == f"{' '.join(f'of_{name}' for name in names)}\n{' '.join('2' * 6)}\n"


def test_the_test_split_of_apps_is_fetched(opened, tmp_path):
    """Without its training split."""
    row = {"id": 7, "question": "Add.", "input_output": json.dumps({"inputs": ["1\n"], "outputs": ["2\n"]})}
    data_set(tmp_path / "hub", APPS, {"test.jsonl": [row], "train.jsonl": [row]})

    with serving(tmp_path / "hub") as endpoint:
        found = opened("apps", endpoint)

    assert (found.returncode, found.stdout) == (0, "7\n1\n"), found.stderr


def test_a_hub_without_the_data_set_is_told_in_one_line(opened, tmp_path):
    """With the way out."""
    (tmp_path / "hub").mkdir()

    with serving(tmp_path / "hub") as endpoint:
        found = opened("livecodebench", endpoint)

    assert "UserError: livecodebench/code_generation_lite can't be fetched (" in found.stderr.splitlines()[-1]
    assert "--data" in found.stderr.splitlines()[-1]
