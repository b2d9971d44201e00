"""Runs the steps of a study as processes of their own, each once, several at a time; a kill costs no finished step.

A step's process holds the lock of its log, writes the outcome, and in the end the mark that says it is whole. So two
studies in one folder wait for each other's steps instead of making them twice, and a process whose study was killed
ends before its step begins again.
"""

import multiprocessing
import os
import shlex
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, nullcontext, suppress
from datetime import timedelta
from importlib.metadata import version
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from statistics import fmean
from typing import BinaryIO

import msgspec

from harness.errors import OUR_FAULT, UserError
from harness.runs.jsonl import own_turn, pretty_json, read, write_whole
from trainers.study.steps import StudyStep, depending

RESUMING = ("train", "run", "generate", "score")
"""Commands that go on with what an earlier process left; of any other, what it left is removed."""
_HEAVY = ("torch", "transformers")
"""Libraries that are loaded once for all steps, where one of them needs them."""

Proctor = Callable[[list[str]], int]
"""Runs a command line of proctor in this process, and returns its exit code; a function of a module."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Records the origin of a finished step."""

    command: tuple[str, ...]
    inputs: tuple[str, ...]
    version: str
    """Of proctor."""
    seconds: float


class Pace:
    """Estimates the time of steps: as others of their name took, else as the file of the study says.

    What the file says is scaled by how fast this machine did the steps of which it says something.
    """

    def __init__(self, steps: Iterable[StudyStep]) -> None:
        """Take what is done already.

        Args:
            steps: Of the study.
        """
        self._took: dict[str, list[float]] = {}
        self._expected_s = self._took_s = 0.0
        for step in steps:
            if step.is_done:
                self.add(step)

    def add(self, step: StudyStep) -> None:
        """Take the time of a step.

        Args:
            step: One that is done.
        """
        took_s = read(step.done, Mark).seconds
        self._took.setdefault(step.name, []).append(took_s)
        if step.seconds:
            self._expected_s, self._took_s = self._expected_s + step.seconds, self._took_s + took_s

    def expected_s(self, step: StudyStep) -> float | None:
        """Return the seconds that a step takes; None where nothing tells.

        Args:
            step: Done or not.
        """
        if took := self._took.get(step.name):
            return fmean(took)
        scale = self._took_s / self._expected_s if self._expected_s else 1.0
        return scale * step.seconds if step.seconds else None

    def left(self, steps: Iterable[StudyStep], jobs: int) -> str:
        """Return the time that steps take, in words that follow the number of one; empty where nothing tells.

        Args:
            steps: Those that are not done.
            jobs: Steps that run at once.
        """
        found = [self.expected_s(step) for step in steps]
        known = [seconds for seconds in found if seconds is not None]
        if not known:
            return ""
        more = "about" if len(known) == len(found) else "more than"
        return f", {more} {timedelta(seconds=round(sum(known) / jobs))} left"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Names a step that failed, its exit code, and the steps that don't begin for it."""

    step: StudyStep
    code: int
    left_out: tuple[StudyStep, ...]


def load_libraries(steps: Iterable[StudyStep]) -> None:
    """Have the libraries that steps need loaded once, in the process that all are forked from.

    Args:
        steps: That will run.
    """
    words = {word for step in steps for word in (step.arguments[0], *step.arguments, *step.plan[:1])}
    modules = _HEAVY if words & {"train", "transformers"} else ()
    multiprocessing.set_forkserver_preload(list(modules))


def carry_out(
    steps: Sequence[StudyStep], proctor: Proctor, *, jobs: int, say: Callable[[str], None]
) -> tuple[Failure, ...]:
    """Run the steps that aren't done, each when its inputs are; a failure stops only those that need it.

    Args:
        steps: Each behind those that it needs, which may be left out where they are done.
        proctor: Runs a command line.
        jobs: The most steps at once.
        say: Is told of each step that begins.

    Returns:
        The failures in the order in which they came; empty where all ended well.

    Raises:
        UserError: An input of a step is not made, and none of these steps makes it.
    """
    pace = Pace(steps)
    waiting = [step for step in steps if not step.is_done]
    count, begun = len(steps), len(steps) - len(waiting)
    running: dict[int, tuple[ForkServerProcess, StudyStep]] = {}
    failures = list[Failure]()
    with ExitStack() as ending:
        ending.callback(_end, running)
        while running or waiting:
            for step in _ready(waiting)[: jobs - len(running)]:
                left = pace.left((*waiting, *(one for _, one in running.values())), jobs)
                waiting.remove(step)
                begun += 1
                say(f"step {begun} of {count}{left}: {step.label}\n$ proctor {shlex.join(step.arguments)}")
                process = _started(proctor, step, quiet=jobs > 1)
                running[process.sentinel] = process, step
            if not running:
                raise UserError(f"{waiting[0].label}: needs {_missing(waiting[0])}, not made yet; make it first")
            for sentinel in wait(list(running)):
                process, step = running.pop(int(sentinel))  # type: ignore[arg-type]  # sentinels are numbers here
                process.join()
                if not process.exitcode:
                    pace.add(step)
                    continue
                code = process.exitcode if process.exitcode > 0 else OUR_FAULT
                left_out = depending(waiting, step)
                waiting = [one for one in waiting if one not in left_out]
                failures.append(Failure(step=step, code=code, left_out=left_out))
    return tuple(failures)


def captured_outputs(commands: Sequence[Sequence[str]], proctor: Proctor, folder: Path) -> tuple[bytes | None, ...]:
    """Run commands, and return what they print; None for one that fails, whose error goes to stderr.

    Args:
        commands: Of proctor, without the first word.
        proctor: Runs a command line.
        folder: For files that are removed in the end.
    """
    found = []
    for number, command in enumerate(commands):
        file = folder / f"{number}.out"
        process = _context().Process(target=_print_into, args=(proctor, list(command), file))
        process.start()
        process.join()
        found.append(None if process.exitcode else file.read_bytes())
    return tuple(found)


def _context() -> multiprocessing.context.ForkServerContext:
    return multiprocessing.get_context("forkserver")


def _ready(waiting: Sequence[StudyStep]) -> list[StudyStep]:
    missing = {id_ for step in waiting for id_ in step.inputs if not _done_of(step, id_).exists()}
    return [step for step in waiting if not missing & set(step.inputs)]


def _done_of(step: StudyStep, id_: str) -> Path:
    return step.done.with_name(f"{id_}.json")


def _missing(step: StudyStep) -> str:
    return next(id_ for id_ in step.inputs if not _done_of(step, id_).exists())


def _started(proctor: Proctor, step: StudyStep, *, quiet: bool) -> ForkServerProcess:
    for folder in (step.made, step.done, step.log):
        folder.parent.mkdir(parents=True, exist_ok=True)
    process = _context().Process(target=_make, args=(proctor, step, quiet))
    process.start()
    return process


def _end(running: dict[int, tuple[ForkServerProcess, StudyStep]]) -> None:
    """Kill what still runs: the same study goes on with it."""
    for process, _ in running.values():
        process.kill()
        process.join()


def _make(proctor: Proctor, step: StudyStep, quiet: bool) -> None:  # noqa: FBT001 - an argument of a process
    """Make the outcome of a step, in a process of its own, and leave with the exit code."""
    _end_with_study()
    with own_turn(step.log) as log:
        if step.is_done:
            return
        step.done.unlink(missing_ok=True)
        if step.arguments[0] not in RESUMING:
            _remove(step.made)
        log.write(f"$ proctor {shlex.join(step.arguments)}\n".encode("utf-8", "surrogateescape"))
        log.flush()
        draft = step.made.with_name(f"{step.made.name}.tmp")
        start_s = time.monotonic()
        with draft.open("wb") if step.prints else nullcontext() as file:
            _redirect(file or log, log if quiet else None)
            code = proctor(list(step.arguments))
            sys.stdout.flush()
        if code:
            if step.prints:  # a gate says so why it fails
                log.write(draft.read_bytes())
            sys.exit(code)
        if step.prints:
            draft.replace(step.made)
        mark = Mark(
            command=step.arguments, inputs=step.inputs, version=version("proctor"), seconds=time.monotonic() - start_s
        )
        write_whole(step.done, pretty_json(mark))


def _print_into(proctor: Proctor, command: list[str], path: Path) -> None:
    _end_with_study()
    with path.open("wb") as file:
        _redirect(file, None)
        code = proctor(command)
        sys.stdout.flush()
    sys.exit(code)


def _redirect(stdout: BinaryIO, stderr: BinaryIO | None) -> None:
    """Turn this process's output into files, also that of what it starts."""
    os.dup2(stdout.fileno(), 1)
    if stderr is not None:
        os.dup2(stderr.fileno(), 2)


def _end_with_study() -> None:
    """Have this process end when the study does: its fork server wouldn't, as long as a process of it lives."""
    threading.Thread(target=_outlive_no_study, daemon=True).start()


def _outlive_no_study() -> None:
    study = multiprocessing.parent_process()
    if study is not None:
        study.join()
    os.kill(os.getpid(), signal.SIGKILL)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def failed_line(failure: Failure) -> str:
    """Return what is said of a failure, in one line.

    Args:
        failure: As of `carry_out`.
    """
    step = failure.step
    parts = [f"{step.label} failed with exit code {failure.code}"]
    if names := {one.name: None for one in failure.left_out}:
        parts.append(f"{len(failure.left_out)} steps need it and were left out ({', '.join(names)})")
    last = ""
    with suppress(OSError, IndexError):
        last = step.log.read_bytes()[-4096:].decode("utf-8", "replace").strip().splitlines()[-1]
    seen = not last or last.startswith("$ ")  # the command alone: what it said went to stderr
    parts.append(f"see above, and {step.log}" if seen else f"{step.log} ends with: {last}")
    return "; ".join(parts)
