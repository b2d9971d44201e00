"""Judges a row, and tells what is wrong: the verdict, its time, what it left behind, a condition beside the verdict.

What a row leaves behind is told by a census before and after it: processes (orphans are adopted, so that none can
hide), mounts, control groups, descriptors, entries of /tmp, of the home folder and of /dev/shm. The templates must be
the same ones.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from busy_loops import busy_loops

from harness.extraction.extract import extract
from harness.extraction.select import Fence
from sandbox import clients
from sandbox.inside.layers import landlock
from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.records import AssertTest, Judgement

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))
from census import census, children_of, descendants_of, groups_of, resident_kib  # the tests' own
from field_rows import FAILED, Row

RESTARTED = "the templates were started anew"
REPEATS = 8
LOOPS = 6
MOST_EXTRACTION_S = 2.0
MOST_EXAMINER_KIB = 100 << 10
DISCARD_PORT = 9
"""One program tries to connect to it."""
NOTHING = (AssertTest(code="pass"),)


def in_one_judge(rows: list[Row], jail: Jail) -> Iterator[tuple[str, list[str]]]:
    """Judge rows one after the other in one judge; yield the name of each and what is wrong with it."""
    before = traces()
    with listener(), Judge(jail) as judge:
        for row in rows:
            yield row.name, wrong_with(judge, row)
        wardens = children_of(os.getpid())
    if (after := traces() | {"groups": groups_of(wardens)}) != before:
        yield "the judge itself", [f"left something behind: {difference(before, after)}"]


def in_its_own_judge(row: Row, jail: Jail) -> list[str]:
    """Judge a row that needs a judge of its own, or another jail; return what is wrong with it."""
    jail = msgspec.structs.replace(jail, python=row.python or jail.python, layers=row.layers or jail.layers)
    if row.completion:
        return of_completion(row, jail)
    if row.alone == "repeat":
        return moved(row, jail)
    if row.name in SIDES:
        return SIDES[row.name](row, jail)
    with Judge(jail) as judge:
        return wrong_with(judge, row)


def needs_its_own_judge(row: Row) -> bool:
    """Whether a row is judged apart from the others."""
    return bool(row.alone or row.python or row.layers or row.completion or row.name in APART)


def wrong_with(judge: Judge, row: Row) -> list[str]:
    """Judge a row; return what is wrong with its verdict, its time, or what it left, and nothing where all is well."""
    settled(judge)
    before, templates, started_s = traces(), templates_by_warden(), time.monotonic()
    judgement = judge.judge(row.program, row.tests, row.limits)
    took_s = time.monotonic() - started_s
    wrong = wrong_verdict(row, judgement)
    if took_s > row.bounded_s:
        wrong.append(f"took {took_s:.1f} s, right is {row.bounded_s:g} s")
    if row.honest and (honest := judge.judge(row.honest, row.tests, row.limits)).verdict != "accepted":
        wrong.append(f"an honest program after it: {honest.verdict} ({honest.detail})")
    settled(judge)
    if templates_by_warden() != templates:
        wrong.append(RESTARTED)
    elif (after := traces()) != before:
        wrong.append(f"left something behind: {difference(before, after)}")
    return wrong


def settled(judge: Judge) -> None:
    """Have an examiner engaged, so that there are as many processes in every census."""
    judge.judge("", NOTHING)


def wrong_verdict(row: Row, judgement: Judgement) -> list[str]:
    """Return what is wrong with a verdict."""
    if judgement.verdict in row.right:
        return []
    right = sorted(row.right)
    if row.right >= FAILED:
        right = [*sorted(row.right - FAILED), "any failure of its own"]
    return [f"{judgement.verdict} ({judgement.detail[:200]}), right is {' or '.join(right)}"]


def of_completion(row: Row, jail: Jail) -> list[str]:
    """Find the program in a text, within two seconds of CPU, and judge it by a test that asks for nothing."""
    started_s = time.process_time()
    program = extract(row.completion, prompt="", entry_point="", fence=Fence.FIRST).program
    took_s = time.process_time() - started_s
    with Judge(jail) as judge:
        wrong = wrong_verdict(row, judge.judge(program, row.tests))
    return wrong if took_s < MOST_EXTRACTION_S else [*wrong, f"extraction took {took_s:.1f} s of CPU"]


def moved(row: Row, jail: Jail) -> list[str]:
    """Judge a row in several fresh judges, which must agree."""
    told = []
    for _ in range(REPEATS):
        with Judge(jail) as judge:
            told.append(judge.judge(row.program, row.tests, row.limits))
    verdicts = {judgement.verdict for judgement in told}
    return wrong_verdict(row, told[0]) if len(verdicts) == 1 else [f"{REPEATS} fresh judges: {sorted(verdicts)}"]


def under_load(row: Row, jail: Jail) -> list[str]:
    """Judge a row alone and beside busy loops."""
    with Judge(jail) as judge:
        wrong = [f"alone: {told}" for told in wrong_with(judge, row)]
        with busy_loops(LOOPS):
            judgement = judge.judge(row.program, row.tests, row.limits)
    return wrong + [f"beside {LOOPS} busy loops: {told}" for told in wrong_verdict(row, judgement)]


def beside_a_bystander(row: Row, jail: Jail) -> list[str]:
    """Judge a row beside a process of the same user, on a kernel whose Landlock knows no signals."""
    waits = "import os, time; script = os.getppid()\nwhile os.getppid() == script: time.sleep(1)"
    with subprocess.Popen([sys.executable, "-c", waits], start_new_session=True) as bystander:
        with kernel_without_signal_scope(), Judge(jail) as judge:
            wrong = wrong_with(judge, row)
        if bystander.poll() is not None:
            wrong.append("killed a bystander of the same user")
        bystander.kill()
    return wrong


@contextmanager
def kernel_without_signal_scope() -> Iterator[None]:
    """Start templates meanwhile as on Linux before 6.12."""
    assert hasattr(landlock, "_SCOPES_FROM_ABI")
    older = (
        "from sandbox.inside.layers import landlock; landlock._SCOPES_FROM_ABI = 1 << 30; from sandbox.inside.template"
    )
    boot = clients._BOOT.replace("from sandbox.inside.template", older)  # noqa: SLF001 - there is no other way to
    assert older in boot
    with mock.patch.object(clients, "_BOOT", boot):
        yield


def memory_left(row: Row, jail: Jail) -> list[str]:
    """Judge a row and an honest program after it; no process of ours may have kept memory."""
    with Judge(jail) as judge:
        wrong = wrong_verdict(row, judge.judge(row.program, row.tests, row.limits))
        if judge.judge(row.honest, row.tests, row.limits).verdict != "accepted":
            wrong.append("an honest program after it is not accepted")
        kept_kib = max(map(resident_kib, descendants_of(os.getpid())))
    return wrong if kept_kib < MOST_EXAMINER_KIB else [*wrong, f"a process of ours keeps {kept_kib >> 10} MiB"]


KILLS = "sigio_kills_neighbours"
SMALL_HOST = "sberr_range_on_small_host"
SIDES: dict[str, Callable[[Row, Jail], list[str]]] = {
    KILLS: beside_a_bystander,
    "many_calls_under_load": under_load,
    "slow_test_on_idle_program": under_load,
    "examiner_memory_left_behind": memory_left,
}
"""Rows with a condition beside the verdict, and what checks it."""
APART = {SMALL_HOST, "sleeps_below_wall", *SIDES}


def traces() -> dict[str, Any]:
    """Return what a program might leave with us or on the host."""
    folders = (Path("/tmp"), Path("/dev/shm"), Path.home())  # noqa: S108 - the places themselves
    entries = {str(folder): sorted(path.name for path in folder.iterdir()) for folder in folders}
    return census() | entries | {"groups": groups_of(children_of(os.getpid()))}


def templates_by_warden() -> dict[int, set[int]]:
    """Return the process ids of the templates by those of their wardens."""
    return {warden: children_of(warden) for warden in children_of(os.getpid())}


def difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return what is not as it was."""
    return ", ".join(f"{what} {before[what]} -> {after[what]}" for what in before if before[what] != after[what])


@contextmanager
def listener() -> Iterator[None]:
    """Listen on the loopback, where we may, so that a program with a network would find somebody there."""
    with socket.socket() as server:
        with suppress(PermissionError):
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", DISCARD_PORT))
            server.listen()
        yield
