"""One step of the true 0.5 B shape, all parameters, float32, on this machine, against what `train --plan` forecasts.

    python tests/bench/bench_plan.py

Time: this machine's speed is measured on models of one and of three blocks, as `proctor train --plan --calibrate` does;
then a model of all 24 takes steps of two groups with true lengths of CodeNet, the quartiles of the sample's, of which
the second counts: the first asks the system for its memory. Memory: the resident set of a process at its peak, less
what it took without a model. Each in a process of its own. Takes 15 GB and some minutes; leave the machine quiet.
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
"""True ones, see bench_training_step.py: of prompt and completions, for each group of the CodeNet sample."""
ALLOWED = 0.15
KIB = 1024


def main():
    """Print forecast, measurement and ratio; exit 1 if one is off by more than is allowed."""
    if not (Path("/proc/meminfo").exists() and available_bytes() > 17e9):
        print("skipped: it needs Linux and 17 GB of free memory")
        sys.exit(0)
    with tempfile.TemporaryDirectory() as folder:
        write_config("paper-0.5b", folder)
        told, found = child("forecast", folder), child("measure", folder)
    print("| one step of the 0.5 B shape | forecast | measured | forecast / measured |")
    print("|---|---|---|---|")
    ratios = [told[name] / found[name] for name in ("seconds", "bytes")]
    print(f"| time, s | {told['seconds']:.1f} | {found['seconds']:.1f} | {ratios[0]:.2f} |")
    print(f"| peak memory, GB | {told['bytes'] / 1e9:.2f} | {found['bytes'] / 1e9:.2f} | {ratios[1]:.2f} |")
    print(f"\n{told['why']}; {os.cpu_count()} processors")
    sys.exit(any(abs(ratio - 1) > ALLOWED for ratio in ratios))


def available_bytes():
    """Return the memory that can be had."""
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) * KIB


def child(what, folder):
    """Do it in a process of its own, and return what it prints."""
    done = subprocess.run(
        [sys.executable, __file__, what, folder],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def forecast(folder):
    """Return what a plan says of the step."""
    from trainers.anatomy import anatomy_of  # noqa: PLC0415 - heavy, as all below
    from trainers.calibration import calibrated  # noqa: PLC0415
    from trainers.cost import memory, operations  # noqa: PLC0415
    from trainers.options import TrainingOptions  # noqa: PLC0415

    options, anatomy, groups = TrainingOptions(), anatomy_of(folder), lengths(*quartiles())
    device = calibrated(folder, anatomy, groups[0], options)
    work = sum(operations(anatomy, group, options) for group in groups)
    return {"seconds": work / device.fast, "bytes": memory(anatomy, groups, options).total, "why": device.why}


def measure(folder):
    """Return what a step takes, after one that warmed up."""
    from trainers.calibration import random_model, stepper  # noqa: PLC0415
    from trainers.options import TrainingOptions  # noqa: PLC0415

    options, before = TrainingOptions(), peak_bytes()
    step_s = stepper(random_model(folder, CONFIGS["paper-0.5b"]["num_hidden_layers"], options), options)
    step_s(lengths(*quartiles()))
    return {"seconds": step_s(lengths(*quartiles())), "bytes": peak_bytes() - before}


def quartiles():
    """Return the tokens of a group below which a quarter of all are, and of one above which a quarter are."""
    rows = sorted(json.loads(LENGTHS.read_text()), key=sum)
    return rows[len(rows) // 4], rows[3 * len(rows) // 4]


def lengths(*groups):
    """Return the lengths as the plan has them."""
    from trainers.cost import Lengths  # noqa: PLC0415

    return [Lengths(prompt=prompt, completions=tuple(completions)) for prompt, *completions in groups]


def peak_bytes():
    """Return the largest resident set so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps({"forecast": forecast, "measure": measure}[sys.argv[1]](sys.argv[2])))
    else:
        main()
