"""Reads the judged samples of runs as candidates for groups."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import read_rows
from harness.runs.records import Index, Sample
from harness.runs.run_folder import read_run
from sandbox.records import Verdict
from trainers.compile.codenet import MAX_SOURCE_BYTES
from trainers.compile.data_card import ROWS, STATUSES, Counts, Rule
from trainers.compile.pipeline import Candidate, Compiled, CompilePlan, compile_candidates
from trainers.compile.rewards import JUDGE_SIDE, OF_VERDICT, RewardTable


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the part of an evaluation that training needs."""

    policy: str
    task_id: str
    index: Index
    verdict: Verdict
    cpu_s: float


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the candidates of one prompt of one problem."""

    problem_id: str
    prompt: str
    candidates: tuple[Candidate, ...]


def read_jobs(runs: Iterable[Path], table: RewardTable, counts: Counts) -> tuple[Job, ...]:
    """Read the samples of the runs and bring those of one problem and prompt together, in the order of the files.

    Samples that can't be trained on are counted in `counts` by the rule that drops them.

    Args:
        runs: Folders of judged runs.
        table: Statuses without a reward in it are dropped.
        counts: Gets the rows by rule and by status.

    Returns:
        One job for each problem and prompt, in the order of their first samples.

    Raises:
        UserError: A folder is not a run, or a file in it is broken.
    """
    gathered: dict[tuple[str, str], list[Candidate]] = {}
    for run in runs:
        for problem_id, prompt, candidate in _candidates(run, table, counts):
            gathered.setdefault((problem_id, prompt), []).append(candidate)
    return tuple(
        Job(problem_id=problem_id, prompt=prompt, candidates=tuple(candidates))
        for (problem_id, prompt), candidates in gathered.items()
    )


def compile_job(job: Job, *, plan: CompilePlan) -> Compiled:
    """Compile one job; a completion need not be a program by itself, so nothing has to parse.

    Args:
        job: Candidates of one prompt.
        plan: The recipe, with all that it takes.

    Returns:
        As of `compile_candidates`.
    """
    return compile_candidates(job.problem_id, job.prompt, job.candidates, plan, must_parse=False)


def _candidates(run: Path, table: RewardTable, counts: Counts) -> Iterator[tuple[str, str, Candidate]]:
    if not (run / "evaluations.jsonl").is_file():
        raise UserError(f"{run}: holds no evaluations.jsonl; name the folder of a run that proctor score has judged")
    benchmark = read_run(run).conditions.benchmark
    findings = {
        (row.policy, row.task_id, row.index): row for _, row in read_rows(run / "evaluations.jsonl", Finding)
    }  # of several rows of a sample the last counts: what was our fault is judged again
    for _, sample in read_rows(run / "samples.jsonl", Sample):
        found = _candidate(run, sample, findings.get(sample.key), table, counts)
        if isinstance(found, Rule):
            counts[ROWS, found] += 1
        else:
            yield f"{benchmark}/{sample.task_id}", sample.prompt, found


def _candidate(
    run: Path, sample: Sample, finding: Finding | None, table: RewardTable, counts: Counts
) -> Candidate | Rule:
    if finding is None:
        return Rule.NOT_JUDGED
    status = OF_VERDICT[finding.verdict]
    counts[STATUSES, status] += 1
    if status in JUDGE_SIDE:
        return Rule.JUDGE_SIDE
    if status not in table.rewards:
        return Rule.NO_REWARD
    size_bytes = len(sample.completion.encode("utf-8", "surrogatepass"))
    return _unfit(sample, size_bytes) or Candidate(
        source_id=f"{run.name}/{sample.policy}/{sample.task_id}/{sample.index}",
        completion=sample.completion,
        status=status,
        cpu_time_ms=1000 * finding.cpu_s,
        code_size_bytes=float(size_bytes),
        log_prob=sample.log_prob,
    )


def _unfit(sample: Sample, size_bytes: int) -> Rule | None:
    if not sample.prompt:
        return Rule.NO_PROMPT
    if not sample.completion.strip():
        return Rule.EMPTY_SOURCE
    return Rule.TOO_LARGE if size_bytes > MAX_SOURCE_BYTES else None
