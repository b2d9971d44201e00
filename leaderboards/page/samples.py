"""The samples of a run -> files of data that a page loads when it is asked for a problem.

Each file is a script, because a page that was opened from a folder may load scripts beside it but read no files. All it
does is to hand a JSON value to the page, which only ever shows it as text.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.explain import difference
from harness.records import Evaluation, Result, Run, Sample
from harness.sample_file import SampleFile
from harness.storage import appended_rows, read, write_whole
from sandbox.printable import one_line, readable
from sandbox.verdict import Verdict

CHUNK_BYTES = 400_000
"""A file of data is closed when it is larger than this."""


class ShownSample(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows of a sample."""

    index: int
    verdict: Verdict
    detail: str
    text: str
    whole: bool
    """Whether the text is the program that ran; if not, it is the completion that the program was taken from."""
    difference: str
    """Expected against actual of the first test that failed, as a unified diff."""


class ShownProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows of a problem when it is asked for."""

    task_id: str
    samples: tuple[ShownSample, ...]


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A problem's line in the list of problems, and the file that holds its samples."""

    task_id: str
    difficulty: str
    n: int
    c: int
    chunk: int


def has_samples(run: Path) -> bool:
    """Say whether the samples of a result lie beside it."""
    return all((run / name).exists() for name in ("run.json", "samples.jsonl", "evaluations.jsonl"))


def write_samples(folder: Path, name: str, run: Path, result: Result) -> None:
    """Write the list of problems of one policy as `NAME-problems.js`, and their samples as `NAME-0.js`, `NAME-1.js` ...

    Raises:
        UserError: The files of the run can't be read or are not what they should be.
    """
    lines: list[Line] = []
    chunk: list[bytes] = []
    length = chunks = 0
    by_task = {tally.task_id: tally for tally in result.tallies}
    for problem in _problems(run, result):
        tally = by_task[problem.task_id]
        lines.append(Line(one_line(tally.task_id), one_line(tally.difficulty), tally.n, tally.c, chunks))
        chunk.append(msgspec.json.encode(msgspec.structs.replace(problem, task_id=lines[-1].task_id)))
        length += len(chunk[-1])
        if length > CHUNK_BYTES:
            _write(folder, f"{name}-{chunks}", b"[" + b",".join(chunk) + b"]")
            chunk, length, chunks = [], 0, chunks + 1
    _write(folder, f"{name}-{chunks}", b"[" + b",".join(chunk) + b"]")
    _write(folder, f"{name}-problems", msgspec.json.encode(lines))


def _write(folder: Path, name: str, value: bytes) -> None:
    write_whole(folder / f"{name}.js", b'proctorReceive("%s", %s);\n' % (name.encode(), value))


def _problems(run: Path, result: Result) -> Iterator[ShownProblem]:
    """Yield the problems in the benchmark's order; what was judged is kept condensed, samples are read one by one."""
    samples = SampleFile(run / "samples.jsonl", read(run / "run.json", Run).samples_sha256)
    judged = defaultdict[str, list[Evaluation]](list)
    for evaluation in appended_rows(run / "evaluations.jsonl", Evaluation):
        if evaluation.policy == result.policy:
            judged[evaluation.task_id].append(_condensed(evaluation))
    for tally in result.tallies:
        evaluations = sorted(judged.pop(tally.task_id, ()), key=lambda evaluation: evaluation.index)
        shown = tuple(_shown(samples[evaluation.key], evaluation) for evaluation in evaluations)
        yield ShownProblem(task_id=tally.task_id, samples=shown)


def _condensed(evaluation: Evaluation) -> Evaluation:
    failed = [outcome for outcome in evaluation.per_test if outcome.verdict is not Verdict.ACCEPTED]
    return msgspec.structs.replace(evaluation, per_test=tuple(failed[:1]))


def _shown(sample: Sample, evaluation: Evaluation) -> ShownSample:
    sha256 = hashlib.sha256(sample.completion.encode("utf-8", "surrogatepass")).hexdigest()
    return ShownSample(
        index=sample.index,
        verdict=evaluation.verdict,
        detail=one_line(evaluation.detail),
        text=readable(sample.completion),
        whole=sha256 == evaluation.program_sha256,
        difference=readable(_differences(evaluation)),
    )


def _differences(evaluation: Evaluation) -> str:
    return "\n".join(difference(outcome.expected, outcome.actual) for outcome in evaluation.per_test)
