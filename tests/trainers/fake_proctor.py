"""A command line that writes little files, in the place of proctor, for tests of studies; it may kill the study."""

import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

from trainers.study.carry_out import carry_out, failed_line
from trainers.study.contents import content_hashes
from trainers.study.steps import steps_of
from trainers.study.study_file import read_study, study_files

CALLS = Path("calls.txt")
"""A line for each command that ended."""
EVENTS, KILL_AT = Path("events.txt"), Path("kill-at.txt")
"""A line for each event of all commands; the number of the event at which the study is killed."""


def event():
    """Count an event, and kill the study and its steps where its time has come."""
    with EVENTS.open("a") as file:
        file.write(".")
    if KILL_AT.exists() and EVENTS.stat().st_size == int(KILL_AT.read_text()):
        os.kill(multiprocessing.parent_process().pid, signal.SIGKILL)
        while True:  # until the kernel ends this process, too
            time.sleep(0.01)


def run(arguments):
    """Carry out `miniature OUT IN...`, which writes in two halves, `power IN...`, which prints, or `merge`, to fail."""
    command, *words = arguments
    event()
    if command == "merge":
        sys.stderr.write("proctor: nothing to merge\n")
        return 2
    texts = [
        Path(word).read_text() if Path(word).exists() else word for word in words[0 if command == "power" else 1 :]
    ]
    text = f"({command} {' '.join(texts)})"
    if command == "power":
        sys.stdout.write(f"{text}\n")
    else:
        out = Path(words[0])
        with out.open("x") as file:  # a leftover would be a mistake
            file.write(text[: len(text) // 2])
            file.flush()
            event()
            file.write(text[len(text) // 2 :])
    with CALLS.open("a") as file:
        file.write(f"{text}\n")
    event()
    return int("--fail" in words)


def steps(study, work):
    """Return the steps of the study in a file."""
    found = read_study(Path(study))
    return steps_of(found, content_hashes(study_files(found), work), work)


def carried_out(study="study.toml", work="work", jobs=1):
    """Run a study by the function above, and return its failures in words."""
    return [failed_line(one) for one in carry_out(steps(study, Path(work)), run, jobs=jobs, say=lambda _: None)]


if __name__ == "__main__":
    sys.exit(1 if carried_out() else 0)
