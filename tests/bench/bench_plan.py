"""A training step of the paper's models against the forecast of `proctor train --plan` (figure 6).

One step of two groups of CodeNet's true lengths, random weights of the true shape: on a CPU the 0.5 B model in float32,
all parameters trained, 24 blocks; on a GPU both models by the recipes of the paper.
Time: this machine's speed is measured on models of two and of six blocks, as `proctor train --plan --calibrate` does;
memory: the peak of the process, less what it had before there was a model. Each in a process of its own.

It needs 17 GB of free memory, or a GPU of 80 GB, and some minutes; leave the machine quiet.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "trainers"))
from paper_models import CONFIGS, write_config  # noqa: E402 - found by the line above

LENGTHS = Path(__file__).parent / "codenet_mini_lengths.json"
"""True ones, see training_shapes.py: of prompt and completions, for each group of the CodeNet sample."""
ALLOWED = 0.15
KIB = 1024


def main():
    """Print forecast, measurement and ratio; exit 1 if one is off by more than is allowed."""
    if not (Path("/proc/meminfo").exists() and available_bytes() > 17e9):
        print("skipped: it needs Linux and 17 GB of free memory")
        sys.exit(0)
    import torch  # noqa: PLC0415 - heavy

    names = CONFIGS if torch.cuda.is_available() else ("paper-0.5b",)
    print("| one step | what | forecast | measured | forecast / measured |")
    print("|---|---|---|---|---|")
    near = [compare(name) for name in names]
    sys.exit(not all(near))


def compare(name):
    """Print a model's forecast beside what a step takes, and return whether both are near enough."""
    with tempfile.TemporaryDirectory() as folder:
        write_config(name, folder)
        told, found = child("forecast", name, folder), child("measure", name, folder)
    ratios = [told[what] / found[what] for what in ("seconds", "bytes")]
    print(f"| {name} | time, s | {told['seconds']:.3g} | {found['seconds']:.3g} | {ratios[0]:.2f} |")
    print(f"| | peak memory, GB | {told['bytes'] / 1e9:.2f} | {found['bytes'] / 1e9:.2f} | {ratios[1]:.2f} |")
    print(f"| | {told['why']} | | | |", flush=True)
    return all(abs(ratio - 1) <= ALLOWED for ratio in ratios)


def available_bytes():
    """Return the memory that can be had."""
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) * KIB


def child(*asked):
    """Do it in a process of its own, set up as `proctor train` does, and return what it prints."""
    done = subprocess.run(
        [sys.executable, __file__, *asked],
        env=os.environ | {"PYTHONPATH": str(ROOT), "THP_MEM_ALLOC_ENABLE": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def options_of(name):
    """Return the settings: the recipe's on a GPU, the usual ones on a CPU, for which bfloat16 is nothing."""
    import torch  # noqa: PLC0415 - heavy, as all below

    from trainers.config import TrainingOptions, read_recipe  # noqa: PLC0415

    return read_recipe(name) if torch.cuda.is_available() else TrainingOptions()


def forecast(name, folder):
    """Return what a plan says of the step."""
    from trainers.plan.flops import operations  # noqa: PLC0415
    from trainers.plan.measure import calibrated  # noqa: PLC0415
    from trainers.plan.memory import step_memory  # noqa: PLC0415
    from trainers.plan.sizes import sizes_of  # noqa: PLC0415

    options, sizes, groups = options_of(name), sizes_of(folder), quartiles()
    device = calibrated(folder, sizes, groups, options)
    seconds = operations(sizes, groups, options) / device.operations_per_s[1]
    return {"seconds": seconds, "bytes": step_memory(sizes, groups, options).total, "why": device.why}


def measure(name, folder):
    """Return what a step takes: the fastest of two, or of as many as three seconds have, after one that warmed up."""
    from trainers.plan.measure import fastest_s, here, random_model, stepper  # noqa: PLC0415

    options, before = options_of(name), peak_bytes()
    step_s = stepper(random_model(folder, CONFIGS[name]["num_hidden_layers"], options, here()), options)
    return {"seconds": fastest_s(step_s, quartiles()), "bytes": peak_bytes() - before}


def quartiles():
    """Return the lengths of a group below which a quarter of all are, and of one above which a quarter are."""
    from trainers.plan.flops import Lengths  # noqa: PLC0415

    rows = sorted(json.loads(LENGTHS.read_text()), key=sum)
    chosen = rows[len(rows) // 4], rows[3 * len(rows) // 4]
    return [Lengths(prompt=prompt, completions=tuple(completions)) for prompt, *completions in chosen]


def peak_bytes():
    """Return the most memory so far: of tensors on a GPU, or of the process."""
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps({"forecast": forecast, "measure": measure}[sys.argv[1]](*sys.argv[2:])))
    else:
        main()
