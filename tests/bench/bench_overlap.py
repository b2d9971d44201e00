"""`proctor run` takes as long as the longer of its two stages: drawing, at 50 ms a sample, and judging.

Each stage is measured alone, as `proctor generate` and as `proctor score`, and then both at once as `proctor run`.
Twice: with programs of known verdict, which take longer to draw, and with the same ones made to compute for a while
before they begin, which take longer to judge.
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from harness.benchmarks.mini import known_samples
from harness.runs.jsonl import as_row
from harness.runs.records import Sample
from sandbox.records import Verdict

DELAY_S = 0.05
BURN = "sum(range(3_000_000))\n"
MOST = 1.10
"""So much longer than the longer stage a run may be."""
QUICK = {Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR}
SLOW = f"{Path(__file__).with_name('slow_replay.py')}:slow_replay"


def main() -> int:
    """Measure both settings; the exit code is 1 where a run takes too long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=8, help="samples for each of the 46 problems (default: 8)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-overlap-") as home:
        ratios = [
            ratio(Path(home) / "plain", options.n, "", "as they are"),
            ratio(Path(home) / "burning", options.n, BURN, "computing for a while"),
        ]
    return 1 if max(ratios) > MOST else 0


def ratio(home: Path, n: int, prefix: str, name: str) -> float:
    """Measure drawing, judging, and both at once; return the time of both by that of the longer."""
    home.mkdir()
    recording = home / "recording.jsonl"
    recording.write_bytes(b"".join(map(as_row, recorded(n, prefix))))
    asked = ["--benchmark", "mini", "--model", str(recording), "--backend", SLOW, "--option", f"delay_s={DELAY_S}"]
    asked += ["--n", str(n), "--temperature", "1"]
    drawing_s = seconds("generate", *asked, "--out", str(home / "drawn"))
    judging_s = seconds("score", str(home / "drawn"), "--benchmark", "mini", "--out", str(home / "judged"))
    both_s = seconds("run", *asked, "--out", str(home / "both"))
    found = both_s / max(drawing_s, judging_s)
    print(
        f"{46 * n} programs {name}: drawing {drawing_s:.1f} s, judging {judging_s:.1f} s, both at once {both_s:.1f} s, "
        f"{found:.3f} of the longer",
        flush=True,
    )
    return found


def recorded(n: int, prefix: str) -> list[Sample]:
    """Return n samples for each problem of mini, by turns from its programs of known verdict that are quick."""
    known = sorted((one.sample for one in known_samples() if one.verdict in QUICK), key=lambda sample: sample.task_id)
    return [
        msgspec.structs.replace(sample, policy="m", index=index, completion=prefix + sample.completion)
        for _, of_task in itertools.groupby(known, key=lambda sample: sample.task_id)
        for index, sample in enumerate(itertools.islice(itertools.cycle(tuple(of_task)), n))
    ]


def seconds(*arguments: str) -> float:
    """Run a command of proctor; return how long it took."""
    started_s = time.monotonic()
    command = [sys.executable, "-c", "from harness.cli.main import main; main()", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started_s


if __name__ == "__main__":
    sys.exit(main())
