"""`proctor train` survives `kill -9`: struck at 10 random steps, it ends with the weights of an undisturbed run.

A training of a tiny model is killed when a step drawn at random has been written down, a random moment later, and the
same command given again; steps are drawn from those after the last one reached, so every kill strikes new work. It is
done with all parameters and with LoRA and its dropout, on as many threads as there are processors. Weights, metrics and
model card must be those of the training that nobody disturbed: weights to the bit, metrics but for their clock.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "trainers"))

import tiny_policy  # noqa: E402 - found by the line above

from trainers.groups import GROUPS_FILE, Group, write_groups  # noqa: E402

KILLS = 10
GROUPS = 200
LONG = 180
"""Tokens of a completion, about: four have more than 512 states of 64 numbers, from where on threads share them out."""
PATIENCE_S = 300.0
COMMAND = "from harness.cli.main import main; main()"
WAYS = {"full": (), "lora": ("--lora-rank=4",)}


def main() -> int:
    """Train undisturbed, then under fire, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=KILLS, help=f"of each training (default: {KILLS})")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    asked = parser.parse_args()
    draw = random.Random(asked.seed)  # noqa: S311 - moments, no secrets
    complaints = []
    with tempfile.TemporaryDirectory(prefix="bench-training-kills-") as home:
        folder = Path(home)
        tiny_policy.build(folder / "base")
        (folder / "groups").mkdir()
        write_groups(folder / "groups" / GROUPS_FILE, map(group, range(GROUPS)))
        for way, options in WAYS.items():
            whole, struck = folder / f"{way}-whole", folder / f"{way}-struck"
            ended = start(folder, whole, options).wait(PATIENCE_S)
            steps = strike(folder, struck, options, asked.kills, draw)
            assert not ended
            complaints += [f"{way}: {what} differs" for what in differences(whole, struck)]
            print(f"{way}: killed at steps {steps} of {len(rows(whole))}", flush=True)
    print("\n".join(complaints) or "every weight is the same to the bit")
    return 1 if complaints else 0


def group(number: int) -> Group:
    """Return a group so long that threads share out every operation of it, also those that add gradients up."""
    short = tiny_policy.group(number)
    return msgspec.structs.replace(short, completions=tuple(one * (LONG // len(one)) for one in short.completions))


def start(folder: Path, out: Path, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Start or go on with a training, silently."""
    arguments = ("train", "rloo", f"--groups={folder / 'groups'}", f"--model={folder / 'base'}", f"--out={out}",
                 "--learning-rate=1e-3", "--epochs=2", "--save-every-steps=7", *options)  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    return subprocess.Popen([sys.executable, "-c", COMMAND, *arguments], env=environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


def strike(folder: Path, out: Path, options: tuple[str, ...], kills: int, draw: random.Random) -> list[int]:
    """Kill the training so often, let it come to its end, and return the steps at which it was killed."""
    steps = sorted(draw.sample(range(1, GROUPS - 10), kills))
    for step in steps:
        training = start(folder, out, options)
        deadline_s = time.monotonic() + PATIENCE_S
        while len(rows(out)) < step and training.poll() is None and time.monotonic() < deadline_s:
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.03))
        training.kill()
        training.wait()
        assert training.returncode == -signal.SIGKILL, f"it ended with {training.returncode} before it was struck"
    assert start(folder, out, options).wait(PATIENCE_S) == 0
    return steps


def rows(out: Path) -> list[dict[str, float]]:
    """Return the metrics, without the clock's and without a row that is being written."""
    path = out / "metrics.jsonl"
    whole = (
        [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")] if path.exists() else []
    )
    return [{name: value for name, value in json.loads(line).items() if name != "tokens_per_s"} for line in whole]


def differences(whole: Path, struck: Path) -> list[str]:
    """Return what is not the same in the two folders."""
    weights = [path.name for path in whole.glob("*.safetensors")]
    names = [name for name in weights if (whole / name).read_bytes() != (struck / name).read_bytes()]
    cards = [(out / "README.md").read_text().replace(out.name, "") for out in (whole, struck)]
    return [*names, *(["metrics"] * (rows(whole) != rows(struck))), *(["model card"] * (cards[0] != cards[1]))]


if __name__ == "__main__":
    sys.exit(main())
