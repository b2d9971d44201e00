"""A page of 100,000 samples: how long writing takes and how large it is, and that a browser opens it in under 1 s.

The second is one of the CPU time of the process that shows the page, so that other work doesn't count; the clock's
seconds are printed too.

The run is that of bench_report.py: 2,572 problems and programs of the usual size, with made-up judgements. The page is
open when its matrix of problems can be read; then the last problem is opened, whose statement and samples are loaded
when they are asked for. Needs Chromium for the second half, and says so where there is none.
"""

import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bench_report

sys.path.append(str(Path(__file__).parents[1] / "leaderboards"))
import chromium

MOST_S = 1.0
VISITS = 3
LISTED = "document.querySelectorAll('#matrix tbody tr').length"
SHOWN = "document.querySelectorAll('#problem .program').length"


def written(run: Path, out: Path) -> float:
    """Write the page as the command line does, and return the CPU seconds it took."""
    command = f"import sys; from harness.cli.main import run; sys.exit(run({['table', str(run)]!r} + sys.argv[1:]))"
    before_s = _children_s()
    subprocess.run([sys.executable, "-c", command, "--format", "html", "--out", out], check=True)
    return _children_s() - before_s


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def visited(out: Path, profile: Path) -> tuple[float, float, float]:
    """Open the page in a fresh browser; return CPU seconds and seconds until it lists problems, and on to samples."""
    with chromium.opened(profile) as browser:
        browser.ask("Performance.enable", timeDomain="threadTicks")
        start_s = time.monotonic()
        browser.ask("Page.navigate", url=(out / "index.html").as_uri() + "#view=problems")
        browser.wait_for(LISTED)
        listed_s = time.monotonic()
        metrics = browser.ask("Performance.getMetrics")["metrics"]
        cpu_s = next(metric["value"] for metric in metrics if metric["name"] == "ProcessTime")
        browser.value(f"location.hash = 'view=problem&task={bench_report.PROBLEMS - 1}'")
        browser.wait_for(SHOWN)
        assert browser.faults() == []
        return cpu_s, listed_s - start_s, time.monotonic() - listed_s


def main() -> int:
    """Score, write the page, and visit it; fail where it opens too late."""
    with tempfile.TemporaryDirectory(prefix="bench-page-") as home:
        samples, run, out = (Path(home) / name for name in ("samples.jsonl", "run", "page"))
        bench_report.write_samples(samples)
        bench_report.score(samples, run)
        took_s = written(run, out)
        files = [path for path in out.rglob("*") if path.is_file()]
        at_once = sum(path.stat().st_size for path in files if not re.search(r"(run|set)0-\d+\.js$", path.name))
        print(f"{bench_report.SAMPLES} samples of {bench_report.PROBLEMS} problems")
        megabytes = sum(path.stat().st_size for path in files) / 1e6
        print(f"written in {took_s:.1f} CPU seconds: {len(files)} files, {megabytes:.0f} MB")
        print(f"read when it is opened: {at_once / 1e3:.0f} kB")
        if chromium.CHROMIUM is None:
            print("not opened: there is no chromium, chromium-browser or google-chrome here")
            return 0
        visits = [visited(out, Path(home) / f"profile-{number}") for number in range(VISITS)]
    cpu_s, opened_s, shown_s = map(statistics.median, zip(*visits, strict=True))
    print(f"opened in {cpu_s:.2f} CPU seconds, the median of {VISITS} visits (under {MOST_S:g}), {opened_s:.2f} s")
    print(f"a problem's samples shown {shown_s:.2f} s after they were asked for")
    return 0 if cpu_s < MOST_S else 1


if __name__ == "__main__":
    sys.exit(main())
