"""Writes the job arrays of a study for Slurm, one for each level of its steps, and the script that submits them."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.runs.jsonl import write_whole
from trainers.study.steps import StudyStep, levels_of

_JOB = """#!/bin/bash
#SBATCH --job-name={name}
#SBATCH --array=1-{count}
#SBATCH --output={logs}
{options}
exec {command} --shard "$SLURM_ARRAY_TASK_ID/{count}"
"""
_SUBMIT = """#!/bin/bash
# Submits the levels of the study in order; each waits until the one before has ended, well or not: a step whose
# inputs are missing then fails at once, and the others go on.
set -euo pipefail
before=()
{levels}
"""


def write_jobs(steps: Sequence[StudyStep], study: Path, work: Path, folder: Path) -> Path:
    """Write a job array for each level of the steps that aren't done; steps with options of their own have one apart.

    Args:
        steps: Of the study.
        study: Its file.
        work: Folder of the outcomes.
        folder: To write into; older job arrays in there go.

    Returns:
        The script that submits them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("level-*.sh"):
        old.unlink()
    proctor = ["proctor", "study", str(study), "--out", str(work)]
    levels = []
    for number, level in enumerate(levels_of([step for step in steps if not step.is_done]), 1):
        scripts = list[Path]()
        for options, members in _by_options(level):
            path = folder / f"level-{number}{chr(96 + len(scripts)) if scripts else ''}.sh"
            command = [*proctor, *(word for step in members for word in ("--only", step.id))]
            text = _JOB.format(
                name=f"{study.stem}-{number}", count=len(members), command=shlex.join(command),
                logs=shlex.quote(str(folder / "%A-%a.txt")),
                options="\n".join(f"#SBATCH {option}" for option in shlex.split(options)),
            )  # fmt: skip
            write_whole(path, text.encode())
            scripts.append(path)
        levels.append("\n".join(_submitted(scripts)))
    last = shlex.quote(shlex.join((*proctor, "--report")))
    finish = f'sbatch --parsable "${{before[@]}}" --wrap {last}'
    submit = folder / "submit.sh"
    write_whole(submit, _SUBMIT.format(levels="\n".join((*levels, finish))).encode())
    submit.chmod(0o755)
    return submit


def _by_options(level: Sequence[StudyStep]) -> Iterator[tuple[str, list[StudyStep]]]:
    groups: dict[str, list[StudyStep]] = {}
    for step in level:
        groups.setdefault(step.slurm, []).append(step)
    yield from groups.items()


def _submitted(scripts: Sequence[Path]) -> Iterator[str]:
    """Yield the lines that submit one level, and have the next one wait for it."""
    yield "jobs="
    for script in scripts:
        yield f'jobs+=":$(sbatch --parsable "${{before[@]}}" {shlex.quote(str(script))})"'
    yield 'before=(--dependency="afterany$jobs")'
