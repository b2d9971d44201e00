"""Evaluation over Ray, on a cluster of two nodes that are simulated on this machine."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from census import descendants_of
from ray.cluster_utils import Cluster

from harness.cli.main import run
from harness.examination import cluster as cluster_module
from harness.examination.cluster_worker import credentials
from harness.runs.jsonl import read_rows
from sandbox.jail import Jail

pytestmark = pytest.mark.slow

BENCHMARK = """
from harness.benchmarks.benchmark import Benchmark
from harness.runs.records import Problem
from sandbox.records import AssertTest

def problem(task_id):
    test = AssertTest(code=f"assert f() == {task_id}", names=("f",))
    return Problem(task_id=task_id, benchmark="toy", split="test", statement="", tests=(test,))

toy = Benchmark(name="toy", problems=lambda data: {task_id: problem(task_id) for task_id in ("1", "2", "3")})
"""
BODIES = ("1", "2", "1 / 0", "(", "3")
ROWS = [
    {"task_id": str(task), "completion": f"def f(): return {BODIES[n % 5]}"} for task in (1, 2, 3) for n in range(60)
]
PROCTOR = [sys.executable, "-c", "from harness.cli.main import main; main()"]


@pytest.fixture(scope="module")
def nodes():
    """Start a cluster whose head has no processors, and two nodes with one each."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for name in ("first", "second"):
        cluster.add_node(num_cpus=1, node_name=name)
    yield cluster
    cluster.shutdown()


@pytest.fixture
def score(tmp_path, monkeypatch):
    """Return the arguments of `proctor score` in a folder with a benchmark and samples, given its last ones."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy.py").write_text(BENCHMARK)
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    return lambda *options: ["score", "rows.jsonl", "--benchmark", "toy.py:toy", "--k", "1,10", *options]


@pytest.fixture
def local(score, tmp_path):
    """Judge the samples on this machine; return the bytes of what came of it."""
    assert run(score("--out", "local")) == 0
    return outcome(tmp_path / "local")


def outcome(folder):
    """Return the bytes of the files that must not depend on where programs were judged."""
    return {name: (folder / name).read_bytes() for name in ("result.json", "report.md", "samples.jsonl", "run.json")}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What an evaluation says, clocks apart."""

    task_id: str
    index: int
    verdict: str
    detail: str
    program_sha256: str


def evaluations(folder):
    """Return the rows of a run in the order of their tasks."""
    rows = (row for _, row in read_rows(folder / "evaluations.jsonl", Row))
    return sorted(rows, key=lambda row: (row.task_id, row.index))


def jails_of(nodes):
    """Return the processes of all jails on some nodes, which are below their raylets."""
    raylets = {process.process.pid for node in nodes for process in node.all_processes["raylet"]}
    return {pid for pid in set().union(*map(descendants_of, raylets)) if is_of_a_jail(pid)}


def is_of_a_jail(pid):
    """Tell whether a process is a warden, a template or one of their forks; those that have ended are not."""
    with suppress(OSError):
        return b"sandbox.inside.template" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def wait_for(condition):
    """Wait until a condition holds, ten minutes at most."""
    deadline_s = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline_s
        os.sched_yield()


def test_a_cluster_gives_the_bytes_of_one_machine(nodes, score, local, tmp_path):
    """The same files and rows; when it is over no judge is left."""
    assert run(score("--out", "far", "--cluster", nodes.address)) == 0

    assert outcome(tmp_path / "far") == local
    assert evaluations(tmp_path / "far") == evaluations(tmp_path / "local")
    assert jails_of(nodes.worker_nodes) == set()


def test_a_killed_run_is_resumed(nodes, score, local, tmp_path):
    """No row is lost or doubled, and the judges of the killed driver end with it, jails and all."""
    rows = tmp_path / "far" / "evaluations.jsonl"
    arguments = score("--out", "far", "--cluster", nodes.address)
    with subprocess.Popen([*PROCTOR, *arguments], stderr=subprocess.DEVNULL) as driver:
        wait_for(lambda: rows.exists() and rows.stat().st_size)
        jails = jails_of(nodes.worker_nodes)
        os.kill(driver.pid, signal.SIGKILL)
    assert jails
    wait_for(lambda: not any(map(is_of_a_jail, jails)))
    assert 0 < rows.read_bytes().count(b"\n") < len(ROWS)

    assert run(arguments) == 0

    assert outcome(tmp_path / "far") == local
    assert evaluations(tmp_path / "far") == evaluations(tmp_path / "local")


def test_a_weaker_node_is_refused_by_name(nodes, score, capsys, monkeypatch):
    """Were this machine better isolated than the nodes, the result would say what isn't so."""
    here = credentials(Jail())
    layers = here.jail.layers | {"landlock": "in force (ABI 99)"}
    stronger = msgspec.structs.replace(here, jail=msgspec.structs.replace(here.jail, layers=layers))
    monkeypatch.setattr(cluster_module, "credentials", lambda _jail: stronger)

    assert run(score("--out", "far", "--cluster", nodes.address)) == 2

    err = capsys.readouterr().err
    assert re.match(r"proctor: node (first|second) \(.*\): is isolated more weakly than this machine, landlock is", err)
    assert err.count("\n") == 1


def test_a_run_judges_on_the_cluster_what_is_drawn_here(nodes, proctor, tmp_path):
    """The same files as on one machine."""
    assert proctor("run", out="local") == 0

    assert proctor("run", "--cluster", nodes.address, out="far") == 0

    assert outcome(tmp_path / "far") == outcome(tmp_path / "local")


def test_nodes_that_die_cost_nothing_but_work_in_flight(nodes, score, local, tmp_path, monkeypatch):
    """Both are killed while they judge, another comes: nothing is lost or doubled, and nothing is left of them."""
    doomed = list(nodes.worker_nodes)
    seen = []

    def append(file, evaluation):
        if not seen:
            seen.extend(jails_of(doomed))
            nodes.add_node(num_cpus=1, node_name="third")
            for node in doomed:
                nodes.remove_node(node, allow_graceful=False)
        original(file, evaluation)

    original = cluster_module.append
    monkeypatch.setattr(cluster_module, "append", append)

    assert run(score("--out", "far", "--cluster", nodes.address)) == 0

    assert outcome(tmp_path / "far") == local
    assert evaluations(tmp_path / "far") == evaluations(tmp_path / "local")
    assert seen
    wait_for(lambda: not any(map(is_of_a_jail, seen)))


def test_what_is_no_address_is_told(score, capsys):
    """Exit code 2, and what is one."""
    assert run(score("--out", "far", "--cluster", "nonsense")) == 2

    assert (
        "--cluster nonsense: Invalid address format: nonsense; give host:port, auto or local" in capsys.readouterr().err
    )


def test_an_address_where_nobody_answers_is_told_at_once(score, capsys):
    """Exit code 3, and what to do."""
    assert run(score("--out", "far", "--cluster", "127.0.0.1:1")) == 3

    assert "--cluster 127.0.0.1:1: no answer (Connection refused)" in capsys.readouterr().err
