"""100,000 samples of 2,572 problems: judged in under 500 MB, the report done within 5 s of the last judgement.

Everything but the sandbox is real: `proctor score` reads a file of samples, writes the folder of a run, evaluations
with their tests included, and scores it; only the judgements are made up, in no time. Problems are decoded when they
are asked for, and hold 200 kB of tests each. Then the same command is given again, and finds all judged.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.benchmarks.benchmark import Benchmark
from harness.cli.main import run
from harness.examination import evaluate
from harness.runs.records import Problem
from sandbox.pool import Case
from sandbox.records import AssertTest, Judgement, StdioTest, TestOutcome, Verdict

SAMPLES = 100_000
PROBLEMS = 2572
MOST_MB = 500
MOST_S = 5.0
DIFFICULTIES = {"introductory": 1000, "interview": 1000, "competition": 572}
LEVELS = tuple(level for level, count in DIFFICULTIES.items() for _ in range(count))
COMPLETION = "import sys\n" + "".join(f"value_{n} = {n}  # a line of a program\n" for n in range(30))
PROMPT = "QUESTION:\n" + "A sentence of a statement that goes on for a while. " * 20


class Decoded(Mapping[str, Problem]):
    """Problems that are made anew whenever they are asked for."""

    def __getitem__(self, task_id: str) -> Problem:
        """Make a problem with five tests of 40 kB; every third is judged by assertions."""
        number = int(task_id)
        stdin = f"{number} " * (40_000 // (len(task_id) + 1))
        tests = tuple(StdioTest(stdin=f"{stdin}{n}", expected_stdout="1") for n in range(5))
        if number % 3 == 0:
            return _problem(
                task_id, tuple(AssertTest(code=f"assert f({test.stdin!r})", names=("f",)) for test in tests)
            )
        return _problem(task_id, tests)

    def __iter__(self) -> Iterator[str]:
        """Go through the ids."""
        return map(str, range(PROBLEMS))

    def __len__(self) -> int:
        """Return how many there are."""
        return PROBLEMS


def _problem(task_id: str, tests: tuple[StdioTest | AssertTest, ...]) -> Problem:
    level = LEVELS[int(task_id)]
    return Problem(task_id=task_id, benchmark="synthetic", split="test", statement="", tests=tests, difficulty=level)


synthetic = Benchmark(name="synthetic", problems=lambda _: Decoded())


def write_samples(path: Path) -> None:
    """Write the samples round by round, as a generator of samples would, not task by task."""
    with path.open("w") as file:
        for number in range(SAMPLES):
            sample = {"task_id": str(number % PROBLEMS), "model": "m", "prompt": PROMPT, "index": number // PROBLEMS}
            file.write(f"{json.dumps(sample | {'completion': f'{COMPLETION}# {number}'})}\n")


def judged(cases: Iterable[Case], *_: object, **__: object) -> Iterator[Judgement]:
    """Return judgements of the usual size for the cases; tell the time after the last."""
    chance = random.Random(0)  # noqa: S311 - verdicts, no secrets
    verdicts = tuple(verdict for verdict in Verdict if verdict is not Verdict.SANDBOX_ERROR)
    for case in cases:
        verdict = chance.choice(verdicts)
        wrong = "" if verdict is Verdict.ACCEPTED else "what was printed, or expected " * 10
        outcomes = tuple(
            TestOutcome(
                verdict=verdict, cpu_s=0.01, wall_s=0.02, peak_memory_bytes=14 << 20, expected=wrong, actual=wrong
            )
            for _ in case.tests
        )
        yield Judgement(verdict=verdict, per_test=outcomes, cpu_s=0.05, detail="the output differs")
    print(json.dumps({"last_s": time.monotonic()}), flush=True)


def score(samples: Path, out: Path) -> dict[str, float]:
    """Run `proctor score` in a process of its own; return the seconds to the last judgement and to the end, and MB."""
    started_s = time.monotonic()
    ran = subprocess.run([sys.executable, __file__, samples, out], stdout=subprocess.PIPE, text=True, check=True)
    figures = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    return {name: value - started_s if name.endswith("_s") else value for row in figures for name, value in row.items()}


def child(samples: str, out: str) -> int:
    """Score with made-up judgements, and tell the end and the peak of resident memory."""
    evaluate.judge_all = judged
    status = run(["score", samples, "--benchmark", f"{__file__}:synthetic", "--k", "1,10", "--out", out])
    status_rows = Path("/proc/self/status").read_text().splitlines()
    peak_kb = next(int(row.split()[1]) for row in status_rows if row.startswith("VmHWM"))
    print(json.dumps({"end_s": time.monotonic(), "peak_mb": peak_kb / 1000}))
    return status


def main() -> int:
    """Score twice: from the start, and with everything judged already."""
    with tempfile.TemporaryDirectory(prefix="bench-report-") as home:
        samples, out = Path(home) / "samples.jsonl", Path(home) / "run"
        write_samples(samples)
        fresh, again = score(samples, out), score(samples, out)
        rows = sum(1 for _ in (out / "evaluations.jsonl").open("rb"))
    report_s, peak_mb = fresh["end_s"] - fresh["last_s"], max(fresh["peak_mb"], again["peak_mb"])
    print(f"{rows} evaluations; to the last judgement, judging apart: {fresh['last_s']:.1f} s")
    print(f"report after the last judgement: {report_s:.2f} s (under {MOST_S:g} s)")
    print(f"the same command again: {again['end_s']:.1f} s")
    print(f"peak memory: {fresh['peak_mb']:.0f} MB, again {again['peak_mb']:.0f} MB (under {MOST_MB} MB)")
    return 0 if rows == SAMPLES and report_s < MOST_S and peak_mb < MOST_MB else 1


if __name__ == "__main__":
    sys.exit(child(*sys.argv[1:]) if len(sys.argv) > 1 else main())
