"""However many samples are judged: what is in memory doesn't grow with them."""

import subprocess
import sys

import pytest

PROBE = '''
"""Scores some samples, then many, with a judge that answers at once; prints how much memory the many took more."""

import sys
from pathlib import Path

from harness.cli.main import run
from harness.examination import examine
from harness.runs.records import Evaluation
from sandbox.records import Verdict

BENCHMARK = """
from harness.benchmarks.benchmark import Benchmark
from harness.runs.records import Problem
from sandbox.records import StdioTest
toy = Benchmark(name="toy", problems=lambda data: {
    task_id: Problem(task_id=task_id, benchmark="toy", split="test", statement="",
                     tests=(StdioTest(stdin="", expected_stdout="1"),)) for task_id in "abcd"
})
"""
resident_kib = []


def evaluate(samples, problems, file, **_):
    for sample in samples:
        yield Evaluation(
            policy=sample.policy, task_id=sample.task_id, index=sample.index, difficulty="", completion_sha256="",
            program_sha256="", extraction="whole", discarded_chars=0, complete=True, verdict=Verdict.ACCEPTED,
            per_test=(), cpu_s=0.0, detail="",
        )
    resident_kib.append(int(Path("/proc/self/status").read_text().partition("RssAnon:")[2].split()[0]))


examine.evaluate = evaluate
Path("toy.py").write_text(BENCHMARK)
for count in (1_000, 40_000):
    with Path(f"{count}.jsonl").open("w") as rows:
        for number in range(count):
            rows.write(f'{{"task_id": "{"abcd"[number % 4]}", "completion": "{number}"}}\\n')
    code = run(["score", f"{count}.jsonl", "--benchmark", "toy.py:toy", "--workers", "1", "--out", f"run{count}"])
    assert code == 0, code
few, many = resident_kib
sys.stderr.write(f"{many - few}")
'''


@pytest.mark.slow
def test_scoring_more_samples_takes_no_more_memory(tmp_path):
    """40,000 of them take less than a third of what their keys alone would."""
    ended = subprocess.run([sys.executable, "-c", PROBE], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert int(ended.stderr.splitlines()[-1]) < 6 << 10
