"""Every hostile program of the corpus gets its right verdict and leaves nothing behind.

Each file of escapes/ tells its kind, the verdicts that are right, and the threat in its first three lines.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from census import census

from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.records import AssertTest, CallTest, Limits, StdioTest, Test

pytestmark = pytest.mark.slow

ESCAPES = sorted((Path(__file__).parent / "escapes").glob("*.py"))
SUMS = ((1, 2, 3), (10, -4, 6), (100000, 250000, 350000))
LIMITS = Limits(
    cpu_s=1, wall_s=3, memory_bytes=512 << 20, output_bytes=8 << 20, processes=16, file_bytes=16 << 20, open_files=32
)
PATIENT = msgspec.structs.replace(LIMITS, cpu_s=20, wall_s=60)
"""Where no time_limit is right: how fast the machine is must not decide what comes first."""
TESTS: dict[str, tuple[Test, ...]] = {
    "assert": tuple(AssertTest(code=f"assert add({a}, {b}) == {c}", names=("add",)) for a, b, c in SUMS),
    "call": tuple(CallTest(function="add", arguments=(a, b), expected=c) for a, b, c in SUMS),
    "stdio": tuple(StdioTest(stdin=f"{a} {b}\n", expected_stdout=f"{c}\n") for a, b, c in SUMS),
}


@pytest.fixture(scope="module", params=[True, False], ids=["script", "conversation"])
def judge(request: pytest.FixtureRequest) -> Iterator[Judge]:
    """One worker for all hostile programs: what one leaves behind, the next would meet."""
    with Judge(Jail(), scripts=request.param) as judge:
        yield judge


def header(source: str) -> dict[str, str]:
    """Return the fields of a file's first three lines."""
    rows = (line.removeprefix("# ").partition(": ") for line in source.splitlines()[:3])
    return {name: value for name, _, value in rows}


INSPECTOR = """
import os
def alive(pid):
    try:
        os.getpgid(pid)
    except ProcessLookupError:
        return False
    return True
def add(a, b):
    others = [pid for pid in range(2, 5000) if pid != os.getpid() and alive(pid)]
    times = os.stat(".").st_mtime_ns
    seen = [os.listdir(path) for path in (".", "/tmp", "/dev/shm")]
    return a + b if (seen, others, times) == ([[], [], []], [], 0) else repr((seen, others, times))
"""
"""Adds rightly only if it finds nothing of an earlier program: no file, no process, no trace on the writable place."""


@pytest.mark.parametrize("path", ESCAPES, ids=lambda path: path.stem)
def test_hostile_program_gets_its_right_verdict_and_leaves_nothing(judge: Judge, path: Path) -> None:
    """The verdict is one of those that the file names, and the census is as before."""
    source = path.read_text(encoding="utf-8", errors="surrogateescape")
    asked = header(source)
    judge.judge(INSPECTOR, TESTS["assert"])  # engages the examiner
    before = census()
    right = asked["verdict"].split()
    judgement = judge.judge(source, TESTS[asked["kind"]], LIMITS if "time_limit" in right else PATIENT)
    inspection = judge.judge(INSPECTOR, TESTS["assert"])
    assert judgement.verdict in right, (asked["threat"], judgement)
    assert inspection.verdict == "accepted", inspection
    assert census() == before


REACHING_OUT = [
    path for path in ESCAPES if path.stem.startswith(("files_many_folders", "net_", "ptrace_peer", "signal_", "walk_"))
]


@pytest.mark.parametrize("path", REACHING_OUT, ids=lambda path: path.stem)
def test_what_reaches_out_is_held_without_namespaces_too(bare_judge: Judge, path: Path) -> None:
    """The same verdict where no namespace hides what is near, and the worker lives on."""
    source = path.read_text(encoding="utf-8")
    asked = header(source)
    judgement = bare_judge.judge(source, TESTS[asked["kind"]], LIMITS)
    after = bare_judge.judge("def add(a, b): return a + b", TESTS["assert"])

    assert judgement.verdict in asked["verdict"].split(), (asked["threat"], judgement)
    assert after.verdict == "accepted", after


FORGING = [
    path
    for path in ESCAPES
    if path.stem.startswith(("forge_", "frame_"))
    and "time_limit" not in header(path.read_text(errors="replace"))["verdict"]
]


@pytest.mark.parametrize("path", FORGING, ids=lambda path: path.stem)
def test_what_forges_replies_stalls_no_later_test(judge: Judge, path: Path) -> None:
    """Judged to the end, the verdict is the same: no test waits for a reply that was taken for another's."""
    source = path.read_text(encoding="utf-8", errors="surrogateescape")
    asked = header(source)

    judgement = judge.judge(source, TESTS[asked["kind"]], LIMITS, exhaustive=True)

    assert judgement.verdict in asked["verdict"].split(), (asked["threat"], judgement)


def test_corpus_is_large_enough() -> None:
    """The corpus holds at least eighty programs."""
    assert len(ESCAPES) >= 80
