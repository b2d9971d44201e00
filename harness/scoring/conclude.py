"""Concludes an examination: its evaluations become scores, `result.json` and `report.md`."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec

from harness.benchmarks.problem_info import ProblemInfos
from harness.examination.examine import ExaminationSettings, judge_rest, run_record
from harness.runs.jsonl import pretty_json, write_whole
from harness.runs.records import Evaluation, Problem, Result, Run, Usage
from harness.runs.row_store import SampleCopy, SampleFile
from harness.runs.run_folder import REPORT, RESULTS, open_run
from harness.scoring.consistency import consistency
from harness.scoring.contamination import clean_scores
from harness.scoring.report import report_markdown
from harness.scoring.score import refuse_short, score


def score_samples(
    samples: SampleFile,
    problems: Mapping[str, Problem],
    infos: ProblemInfos,
    out: Path,
    settings: ExaminationSettings,
    *,
    contaminated: Collection[str] = (),
) -> tuple[Result, ...]:
    """Judge the samples, or those that a killed run left, and score them.

    Args:
        samples: of the run; a `SampleCopy` is handed over to its folder.
        problems: of the benchmark.
        infos: of the problems that the samples name.
        out: the folder of the run.
        settings: of the examination.
        contaminated: task ids of problems that the models may have been trained on; they are scored apart as well.

    Returns:
        One result a policy.

    Raises:
        UserError: Too few samples for k, too little isolation, or `out` is another run; nothing has been written then.
    """
    counts = samples.tally.counts
    refuse_short(counts, settings.k)
    run = run_record(infos, settings, max(counts.values()), samples.tally.sha256)
    open_run(out, run, samples if isinstance(samples, SampleCopy) else None)
    evaluations = judge_rest(samples, problems, infos, out, settings)
    return conclude(out, run, evaluations, infos, samples.tally.usage, contaminated=contaminated)


def conclude(
    out: Path,
    run: Run,
    evaluations: Iterable[Evaluation],
    infos: ProblemInfos,
    usage: Mapping[str, Usage],
    *,
    contaminated: Collection[str] = (),
) -> tuple[Result, ...]:
    """Score a run and write `result.json` (a JSON array, one result a policy) and `report.md`.

    Args:
        out: the folder of the run.
        run: its record.
        evaluations: of all its samples, in any order.
        infos: of its problems.
        usage: of each policy.
        contaminated: task ids of problems that the models may have been trained on.

    Returns:
        One result a policy, sorted by policy.
    """
    named = tuple(task_id for task_id in infos if task_id in contaminated)
    results = tuple(
        msgspec.structs.replace(
            result,
            consistency=tuple(consistency(result.tallies, run.k)),
            contaminated=named,
            clean_scores=tuple(clean_scores(result.tallies, contaminated, run.k)),
        )
        for result in score(evaluations, infos, run, usage)
    )
    write_whole(out / RESULTS, pretty_json(results))
    write_whole(out / REPORT, report_markdown(results).encode())
    return results
