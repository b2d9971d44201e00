"""Generated submissions in CodeNet's own layout, so that the real compiler reads them."""

import csv
import io
from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice
from pathlib import Path
from random import Random

from harness.benchmarks.miniature import LIMITS
from harness.errors import UserError
from harness.miniature.slips import Program
from harness.miniature.submissions import submissions
from harness.miniature.tasks import Task, tasks
from harness.storage import write_whole
from trainers.rewards import OF_VERDICT

PER_PROBLEM = 12

_PROBLEM_COLUMNS = ("id", "name", "dataset", "time_limit", "memory_limit", "rating", "tags", "complexity")
_COLUMNS = (
    "submission_id", "problem_id", "user_id", "date", "language", "original_language", "filename_ext", "status",
    "cpu_time", "memory", "code_size", "accuracy",
)  # fmt: skip


def write_submissions(tree: Path, problems: int, seed: int) -> int:
    """Write so many problems of the train split with their submissions; return how many submissions there are.

    The list of problems is written last, so a tree that has one is whole.

    Raises:
        UserError: `tree` has a list of problems already.
    """
    listing = tree / "metadata" / "problem_list.csv"
    if listing.exists():
        raise UserError(f"{tree}: holds problems already; choose a new folder for --out")
    for folder in ("metadata", "problem_descriptions", "data"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    found = list(islice(tasks("train", seed), problems))
    ids = [f"p{number:05}" for number in range(len(found))]
    for number, (problem_id, task) in enumerate(zip(ids, found, strict=True)):
        programs = tuple(submissions(task, Random(f"{seed}/{problem_id}"), PER_PROBLEM))  # noqa: S311 - no key
        _write_problem(tree, problem_id, task, programs, first=number * PER_PROBLEM)
    rows = [
        (problem_id, task.family, "MINIATURE", round(1000 * LIMITS.cpu_s), LIMITS.memory_bytes >> 10, "", "", "")
        for problem_id, task in zip(ids, found, strict=True)
    ]
    write_whole(listing, _csv(_PROBLEM_COLUMNS, rows))
    return len(found) * PER_PROBLEM


def page(task: Task) -> str:
    """Return the problem's page, marked up as CodeNet's are."""
    parts = (("Input", task.told_input), ("Output", task.told_output))
    told = [f"<H2>{heading}</H2>\n<p>\n{escape(text)}\n</p>\n" for heading, text in parts]
    sample = [f"<H2>{heading}</H2>\n<pre>\n{escape(text)}\n</pre>\n" for heading, text in task.sample]
    return "\n".join((*told, *sample))


def _write_problem(tree: Path, problem_id: str, task: Task, programs: Sequence[Program], *, first: int) -> None:
    sources = tree / "data" / problem_id / "Python"
    sources.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, program in enumerate(programs, first):
        submission_id = f"s{number:09}"
        (sources / f"{submission_id}.py").write_text(program.text, encoding="utf-8")
        size = len(program.text.encode())
        status = OF_VERDICT[program.verdict]
        rows.append(
            (submission_id, problem_id, "", "", "Python", "Python3", "py", status, "", "", size, "")
        )  # nobody has measured their times
    (tree / "problem_descriptions" / f"{problem_id}.html").write_text(page(task), encoding="utf-8")
    (tree / "metadata" / f"{problem_id}.csv").write_bytes(_csv(_COLUMNS, rows))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((columns, *rows))
    return text.getvalue().encode()
