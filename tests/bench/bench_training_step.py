"""A training step of proctor against the same step in the usual ways, and what a step is made of, alone.

    python bench_training_step.py [--parts launch,attention,ways,optimizer,lora] [--device cuda] [--out FILE] [--tiny]

- launch: microseconds a kernel launch, one by one and as a graph;
- attention: a layer's attention over spans against the same with a dense mask, by length;
- ways: the 0.5 B model, all parameters, in several ways with eight sequences a step: see `training_ways.WAYS`;
- optimizer: AdamW alone, fused, over lists and as a loop;
- lora: the 7 B model with LoRA, as users train it, as proctor did before, and as it does now.

All weights are random. Steps are taken twice and the second pass counts. Each figure is printed when it is there, and
with --out appended to a file as a line of JSON. After --minutes what is left is skipped and said to be. On a GPU all
parts run, in five minutes. On a CPU only the ways do, with few layers, in float32 and without AdamW; --tiny runs
all parts there, on shapes that show nothing but that the script works.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ("launch", "attention", "ways", "optimizer", "lora")
WAYS = ("stock", "recomputed", "padded", "masked", "spans", "compiled", "trl")
WAYS_ON_A_CPU = ("stock", "trl", "masked", "spans")
LORA_WAYS = ("recomputed", "masked", "spans", "compiled")
LAYERS_ON_A_CPU = 4
PROMISED = {
    ("cpu", "ways"): (("stock", 3.5), ("masked", 1.15)),
    ("cuda", "ways"): (("stock", 2.5), ("recomputed", 2.5), ("trl", 2.5)),
    ("cuda", "lora"): (("recomputed", 2.0),),
}
"""Times that proctor's own step is faster at least."""
BUSY = 0.7
"""Share of a step that a GPU computes at least."""
SAME_LOSS = {"cpu": 1e-3, "cuda": 2e-2}
"""Float32 and bfloat16."""


def main() -> int:
    """Run the parts in children, print each figure as it comes, and say whether they are what is promised."""
    asked = arguments()
    if asked.child:
        return measure(asked)
    until_s = time.monotonic() + 60 * asked.minutes
    found = []
    for record in measured(asked, until_s):
        print(shown(record), flush=True)
        found.append(record)
        if asked.out:
            with asked.out.open("a") as file:
                file.write(json.dumps(record) + "\n")
    return 0 if asked.tiny else verdict(found, asked.device)


def arguments():
    """Return what the command line asks for, with the defaults of the device."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", help=f"some of {','.join(PARTS)} (default: all on a GPU, the ways on a CPU)")
    parser.add_argument("--ways", help="some of the ways, by name (default: all on a GPU, four on a CPU)")
    parser.add_argument("--device", choices=SAME_LOSS, default="cpu", help="where to compute (default: cpu)")
    parser.add_argument("--tiny", action="store_true", help="shapes that show only that the script works")
    parser.add_argument("--steps", type=int, default=4, help="steps of two groups a pass (default: 4)")
    parser.add_argument("--layers", type=int, help=f"of the model (default: all, on a CPU {LAYERS_ON_A_CPU})")
    parser.add_argument("--threads", type=int, default=1, help="of each process on a CPU (default: 1)")
    parser.add_argument("--minutes", type=float, help="after which the rest is skipped (default: 5 on a GPU)")
    parser.add_argument("--out", type=Path, help="file to which each figure is appended as a line of JSON")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    whole = asked.tiny or asked.device == "cuda"
    asked.parts = asked.parts.split(",") if asked.parts else (PARTS if whole else ("ways",))
    asked.minutes = asked.minutes or (5 if asked.device == "cuda" else 60)
    if not whole and asked.layers is None:
        asked.layers = LAYERS_ON_A_CPU
    return asked


def tasks_of(asked):
    """Return the tasks as lists, each for one process: a part, or one way of a part."""
    whole = asked.tiny or asked.device == "cuda"
    ways = {"ways": WAYS if whole else WAYS_ON_A_CPU, "lora": LORA_WAYS}
    if asked.ways:
        ways = dict.fromkeys(ways, asked.ways.split(","))
    by_part = [[f"{part}:{way}" for way in ways.get(part, ("",))] for part in asked.parts]
    if asked.tiny:
        return [[task for tasks in by_part for task in tasks]]
    if asked.device == "cpu":  # where the peak is that of the process
        return [[task] for tasks in by_part for task in tasks]
    alone = [[task for task in tasks if task.endswith(":trl")] for tasks in by_part]  # it changes the model
    rest = [[task for task in tasks if not task.endswith(":trl")] for tasks in by_part]
    return [tasks for pair in zip(rest, alone, strict=True) for tasks in pair if tasks]


def measured(asked, until_s):
    """Yield the records of all tasks; of one that fails, or has no time left, the reason."""
    for tasks in tasks_of(asked):
        left = list(tasks)
        while left:
            done = set()
            for record in child_records(left, asked, until_s):
                done.add(record.pop("task"))
                yield record
            late = time.monotonic() >= until_s
            for task in left if late else left[:1]:
                if task not in done:
                    part, _, way = task.partition(":")
                    yield {"part": part, "way": way, "skipped": "no time left" if late else "its process died"}
            left = [] if late else [task for task in left[1:] if task not in done]


def child_records(tasks, asked, until_s):
    """Yield what a fresh process measures, as it comes, and end it when time is up."""
    given = {
        "device": asked.device,
        "steps": asked.steps,
        "threads": asked.threads,
        "layers": asked.layers,
        "ways": asked.ways,
    }
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(asked.threads),
        "PYTHONPATH": str(HERE.parents[1]),
        "THP_MEM_ALLOC_ENABLE": "1",  # as `proctor train` sets it; it helps all of them
        "TORCH_CUDNN_SDPA_DEPRIORITIZED": "1",  # or they would all spend their time on plans for each length
    }
    command = [sys.executable, __file__, "--child", ",".join(tasks), *options, *["--tiny"][: asked.tiny]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        watch = threading.Timer(max(0.0, until_s - time.monotonic()), process.kill)
        watch.start()
        try:
            yield from map(json.loads, process.stdout)
        finally:
            watch.cancel()


def measure(asked):
    """Measure the tasks in this process and print each record as it comes."""
    import training_tasks  # noqa: PLC0415 - loads torch

    with contextlib.redirect_stdout(sys.stderr):  # libraries print as well
        for task in asked.child.split(","):
            part, _, way = task.partition(":")
            for record in training_tasks.records(part, way, asked):
                print(json.dumps({"task": task, "part": part, "way": way} | record), file=sys.__stdout__, flush=True)
    return 0


def shown(record):
    """Return a record as a line for readers."""
    how = {
        "step_s": "{:.3f} s a step", "step_cpu_s": "{:.2f} CPU s", "us": "{:.1f} us", "ms": "{:.2f} ms",
        "dense_ms": "dense {:.2f} ms", "apart": "apart by {:.1g}",
        "peak_bytes": "{:,} bytes above the weights", "launches": "{:.0f} launches",
        "operations": "{:.0f} operations",
        "busy_share": "busy {:.0%}", "loss": "loss {:.5f}", "skipped": "skipped: {}", "failed": "failed: {}",
        "why": "({})",
    }  # fmt: skip
    told = [text.format(record[name]) for name, text in how.items() if record.get(name) is not None]
    return f"{record['part']:10} {record['way']:26} {', '.join(told)}"


def verdict(found, device):
    """Print how much faster proctor's own step is, and return 1 where it is less than promised or losses differ."""
    broken = []
    for part in ("ways", "lora"):
        ways = {record["way"]: record for record in found if record["part"] == part and "step_s" in record}
        clock, own = ("step_cpu_s", "spans") if device == "cpu" else ("step_s", "compiled")
        if own not in ways:
            continue
        for other, promised in PROMISED.get((device, part), ()):
            if other in ways:
                faster = ways[other][clock] / ways[own][clock]
                print(f"{part}: {own} is {faster:.2f} x as fast as {other} (promised {promised})")
                broken += [other] * (faster < promised)
        broken += unkept_beside_time(part, found, ways, device)
        losses = [record["loss"] for record in ways.values()]
        if max(losses) - min(losses) > SAME_LOSS[device]:
            print(f"{part}: THE LOSSES DIFFER")
            broken.append(part)
    return int(bool(broken))


def unkept_beside_time(part, found, ways, device):
    """Print the share of time that a GPU is busy, or the memory on a CPU, and return what is not as promised."""
    if device == "cuda":
        busy = [
            one["busy_share"]
            for one in found
            if one["part"] == part and one["way"] == "compiled" and "busy_share" in one
        ]
        print(*(f"{part}: busy {share:.0%} of a step (promised {BUSY:.0%})" for share in busy), sep="\n")
        return [share for share in busy if share < BUSY]
    if "masked" not in ways:
        return []
    memory = ways["spans"]["peak_bytes"] / ways["masked"]["peak_bytes"]
    print(f"{part}: spans takes {memory:.2f} x the memory of masked (promised 1)")
    return [memory] if memory > 1 else []


if __name__ == "__main__":
    sys.exit(main())
