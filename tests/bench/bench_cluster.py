"""Evaluation over Ray on nodes simulated on this machine, as ratios in one run (figures 1 and 2).

1. MBPP samples on Ray against the local pool on the same cores, once a judge a core, once on four nodes of one
   processor each: the same speed, and the same bytes, also where a node is killed in mid-run.
2. Synthetic samples, a few and many, judged by judges that answer at once, all else being the real path: what the
   driver can do, and whether its memory and speed stay the same. Nothing is judged there; the programs are the same.

`bench_cluster.py [MBPP_SAMPLES [SYNTHETIC_SAMPLES]]`, by default 7,980 (about 8 minutes) and 1,000,000 (about 5).
"""

import itertools
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO, NamedTuple

from mbpp_samples import COMPLETIONS, CORES, SANITIZED, problems, recorded_samples, skip_without_data
from ray.cluster_utils import Cluster

from harness.cli.main import run
from harness.examination import cluster as cluster_module
from harness.examination.cluster import evaluate_on_cluster
from harness.examination.cluster_worker import Credentials, NodeJudge, credentials
from harness.examination.evaluate import evaluate
from harness.runs.jsonl import as_row
from harness.runs.records import Evaluation, Sample
from sandbox.jail import Jail
from sandbox.pool import Case
from sandbox.records import Judgement, Verdict

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))
from census import descendants_of  # the tests' own

NODES = 4
ROUNDS = 3
WARM = 200
FEW = 10_000
WARM_UP = 40_000
SIZES = (7980, 1_000_000)


class Speed(NamedTuple):
    """Seconds until the first evaluation; evaluations a second and CPU each, after the first few."""

    start_s: float
    rate: float
    cpu_ms: float


def timed(evaluations: Iterator[Evaluation], count: int) -> Speed:
    """Go through evaluations, which are so many; what comes after the last of them doesn't count."""
    began_s = time.perf_counter()
    next(evaluations)
    start_s = time.perf_counter() - began_s
    for _ in islice(evaluations, WARM - 1):
        pass
    warm_s, warm_cpu_s = time.perf_counter(), cpu_s()
    for _ in islice(evaluations, count - WARM):
        pass
    took_s, took_cpu_s = time.perf_counter() - warm_s, cpu_s() - warm_cpu_s
    for _ in evaluations:  # its end is tidy
        pass
    return Speed(start_s, (count - WARM) / took_s, 1000 * took_cpu_s / (count - WARM))


def cpu_s() -> float:
    """Return the CPU seconds of this process, all below it, and those of them that have ended."""
    ticks = 0
    for pid in {os.getpid(), *descendants_of(os.getpid())}:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def simulated() -> Cluster:
    """Start a head without processors and the nodes."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for number in range(NODES):
        cluster.add_node(num_cpus=1, node_name=f"node-{number}")
    return cluster


def compare_speed(address: str, judges: int, samples: list[Sample]) -> None:
    """Print what a cluster costs against a local pool of as many workers, and of one a core, on the same cores.

    CPU time counts every process of Ray's; a simulation of four nodes has five times those of a machine.
    """
    known = problems(SANITIZED)
    options: dict[str, Any] = {"extraction": "first", "jail": Jail()}
    far = f"{judges} judges of a cluster"
    ways: dict[str, Callable[[BinaryIO], Iterator[Evaluation]]] = {
        far: partial(evaluate_on_cluster, samples, known, address=address, **options)
    } | {
        f"pool of {workers}": partial(evaluate, samples, known, workers=workers, **options)
        for workers in sorted({CORES, judges})
    }
    found = defaultdict[str, list[Speed]](list)
    for _ in range(ROUNDS):
        for name, way in ways.items():
            with Path(os.devnull).open("wb") as file:
                found[name].append(timed(way(file=file), len(samples)))
    for name, speeds in found.items():
        rate, cpu_ms, start_s = (
            median(getattr(speed, what) for speed in speeds) for what in ("rate", "cpu_ms", "start_s")
        )
        to_it = [mine.rate / theirs.rate for mine, theirs in zip(found[far], speeds, strict=True)]
        print(f"  {name}: {rate:.0f}/s, {cpu_ms:.2f} ms of CPU a sample, first after {start_s:.1f} s; the cluster's "
              f"speed to this {median(to_it):.3f} ({min(to_it):.3f}-{max(to_it):.3f})")  # fmt: skip


def score(samples: Path, out: Path, *options: str) -> dict[str, bytes]:
    """Run `proctor score`; return the bytes of its result and report."""
    with redirect_stdout(sys.stderr):
        code = run(
            ["score", str(samples), "--benchmark", "mbpp", "--data", str(SANITIZED), "--out", str(out), *options]
        )
    assert code == 0, code
    return {name: (out / name).read_bytes() for name in ("result.json", "report.md", "samples.jsonl", "run.json")}


def compare_bytes(cluster: Cluster, samples: list[Sample]) -> None:
    """Print whether the results are the same as those of one machine, also where a node is killed."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "samples.jsonl"
        rows.write_bytes(b"".join(map(as_row, samples)))
        here = score(rows, Path(folder) / "here")
        there = score(rows, Path(folder) / "there", "--cluster", cluster.address)
        print(f"the same bytes from {NODES} nodes: {there == here}")
        doomed = iter(list(cluster.worker_nodes)[:1])
        kill = partial(cluster.remove_node, allow_graceful=False)
        with watched_appends(lambda: [kill(node) for node in doomed], every=len(samples) // 3):
            again = score(rows, Path(folder) / "again", "--cluster", cluster.address)
        keys = [row.split(b'"difficulty"')[0] for row in (Path(folder) / "again" / "evaluations.jsonl").open("rb")]
        print(f"the same bytes where a node is killed: {again == here}; rows {len(keys)}, distinct {len(set(keys))}, "
              f"samples {len(samples)}")  # fmt: skip


@contextmanager
def watched_appends(act: Callable[[], object], *, every: int) -> Iterator[None]:
    """Act whenever so many more evaluations have been appended."""
    append, count = cluster_module.append, itertools.count(1)

    def counted(*arguments: Any) -> None:
        if next(count) % every == 0:
            act()
        append(*arguments)

    cluster_module.append = counted
    try:
        yield
    finally:
        cluster_module.append = append


class PromptJudge(NodeJudge):
    """Answers at once: what remains is what everything but judging costs."""

    def start(self) -> Credentials:
        """Start no jail."""
        return credentials(self._terms.jail)

    def _judge_each(self, cases: Iterable[Case]) -> Iterator[Judgement]:
        return (Judgement(verdict=Verdict.ACCEPTED, per_test=(), cpu_s=0.0, detail="") for _ in cases)

    def close(self) -> None:
        """Nothing was started."""


def resident_bytes() -> int:
    """Return what this process has in memory, shared pages of Ray's store apart."""
    fields = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(fields["RssAnon"].split()[0]) << 10


def drive(cluster: Cluster, count: int) -> float:
    """Push so many synthetic samples through the cluster, after a few; print and return the rate."""
    known = problems(SANITIZED)
    task_ids = sorted(known)
    per_task = -(-(WARM_UP + count) // len(task_ids))
    samples = (
        Sample(policy="m", task_id=task_ids[n // per_task], index=n % per_task, completion=known[task_ids[0]].reference)
        for n in range(WARM_UP + count)
    )
    memory = list[int]()
    with tempfile.TemporaryFile() as file:
        evaluations = evaluate_on_cluster(
            samples, known, file, extraction="first", jail=Jail(), address=cluster.address
        )
        for _ in islice(evaluations, WARM_UP):
            pass
        warm_s, warm_cpu_s = time.perf_counter(), time.process_time()
        for number, _ in enumerate(islice(evaluations, count), 1):
            if number % (count // 10) == 0:
                memory.append(resident_bytes())
        rate = count / (time.perf_counter() - warm_s)
        cpu_us = 1e6 * (time.process_time() - warm_cpu_s) / count
        for _ in evaluations:
            pass
    print(f"  {count} samples: {rate:.0f}/s, {cpu_us:.0f} us of the driver's CPU each; its memory at each tenth, MB: "
          f"{[size >> 20 for size in memory]}")  # fmt: skip
    return rate


def drive_score(cluster: Cluster, count: int) -> None:
    """Print the speed of `proctor score` itself, which looks at every sample before, and its memory on the way."""
    task_ids = sorted(problems(SANITIZED))
    per_task = -(-count // len(task_ids))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.jsonl"
        with path.open("wb") as file:
            for n in range(count):
                file.write(
                    as_row(Sample(policy="m", task_id=task_ids[n // per_task], index=n % per_task, completion="1"))
                )
        memory, began_s = [resident_bytes()], time.perf_counter()
        with watched_appends(lambda: memory.append(resident_bytes()), every=count // 10):
            score(path, Path(folder) / "out", "--cluster", cluster.address)
        print(f"  proctor score of {count}: {count / (time.perf_counter() - began_s):.0f}/s all in all; its memory "
              f"before, and at each tenth of judging, MB: {[size >> 20 for size in memory]}")  # fmt: skip


def main() -> None:
    """Print the figures."""
    skip_without_data(SANITIZED, COMPLETIONS)
    mbpp_samples, synthetic = (*map(int, sys.argv[1:]), *SIZES[len(sys.argv) - 1 :])
    samples = [recorded.sample for recorded in recorded_samples()][:mbpp_samples]
    print(f"{len(samples)} MBPP samples, {CORES} cores; Ray on this machine, a judge a core")
    compare_speed("local", CORES, samples)
    cluster = simulated()
    print(f"{NODES} simulated nodes of one judge")
    compare_speed(cluster.address, NODES, samples)
    compare_bytes(cluster, samples)
    cluster_module.NodeJudge = PromptJudge  # type: ignore[misc]
    print("samples that nobody judges")
    few, many = drive(cluster, FEW), drive(cluster, synthetic)
    print(f"speed of {synthetic} against {FEW}: {many / few:.3f}")
    for count in (synthetic // 100, synthetic // 10):
        drive_score(cluster, count)
    cluster.shutdown()


if __name__ == "__main__":
    main()
