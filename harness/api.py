r"""Offers the functions that Python programs call; the command line calls the same.

>>> import json, tempfile
>>> folder, task = Path(tempfile.mkdtemp()), "introductory/change_in_coins"
>>> _ = (folder / "recorded.jsonl").write_text(json.dumps({"task_id": task, "completion": "pass"}))
>>> settings = GenerationSettings(model=str(folder / "recorded.jsonl"), backend="replay", policy="m", limit=1)
>>> samples = generate("mini", settings, out=folder / "samples")
>>> samples["m", task, 0].completion
'pass'
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from harness.benchmarks.benchmark import LoadedBenchmark, open_benchmark
from harness.benchmarks.flaws import refuse_flawed
from harness.benchmarks.problem_info import ProblemInfos, problem_infos
from harness.benchmarks.selection import of_shard, of_split, refuse_missing, whole_set
from harness.errors import UserError
from harness.examination.examine import ExaminationSettings, JudgingSettings, Origin, jail_report, origin_of, run_record
from harness.examination.overlap import generate_and_judge
from harness.formats.read import ReadingSettings, read_samples
from harness.generation.planning import GenerationSettings, backend_of, generate_samples, loaded_engine, plan_generation
from harness.generation.prompts import card_id, load_card
from harness.runs.jsonl import appended_rows
from harness.runs.records import Evaluation, Result, Source
from harness.runs.row_store import SampleCopy, SampleCounts, SampleFile
from harness.runs.run_folder import EVALUATIONS, open_generation, open_run
from harness.scoring.agreement import agreement
from harness.scoring.conclude import score_samples
from harness.scoring.contamination import read_contaminated
from harness.scoring.score import refuse_short

_USUAL, _RECOGNISED = JudgingSettings(), ReadingSettings()


def load_benchmark(
    name: str,
    *,
    data: Path | str | None = None,
    limits: Path | str | None = None,
    checkers: Path | str | None = None,
) -> LoadedBenchmark:
    """Load a benchmark by name.

    Args:
        name: of a registered benchmark, such as "mbpp", or "path.py:attribute".
        data: file or folder with its problems; by default the benchmark's own source.
        limits: file of calibrated limits that `proctor audit --out` wrote; by default the benchmark's own limits.
        checkers: file of checkers for some of its problems, a JSON object of names by task id; by default its own.

    Returns:
        The benchmark and its problems by task id, in its order. They may be decoded when they are looked up.

    Raises:
        UserError: There is no such benchmark, or a file is malformed.

    >>> benchmark, problems = load_benchmark("mini")
    >>> benchmark.prompt_card, len(problems)
    ('chat', 46)
    """
    return open_benchmark(source_of(name, data, limits, checkers))


def generate(
    benchmark: str, settings: GenerationSettings, *, out: Path | str, data: Path | str | None = None
) -> SampleFile:
    """Generate samples for the problems of a benchmark, as `proctor generate` does.

    A call that was killed goes on when the same is called again.

    Args:
        benchmark: name of the benchmark, or "path.py:attribute".
        settings: the model, the backend, and as much of the sampling as the prompt card shall not decide.
        out: folder of the samples, new or of the same samples; `evaluate_samples` takes it.
        data: file or folder with the problems; by default the benchmark's own source.

    Returns:
        The samples by (policy, task id, index), with their counts and usage in `tally`.

    Raises:
        UserError: The problems, the card and the settings don't go together, the model can't be loaded, or `out` holds
            other samples.
        Unavailable: The model's server went away; the same call goes on.

    Here the backend `replay` answers from a file:
    """
    backend = backend_of(settings)  # as is the model, before the problems are read, which may take long
    backend.check(settings.model)
    source = source_of(benchmark, data)
    plan = plan_generation(settings, source, open_benchmark(source))
    return generate_samples(backend, settings, plan, Path(out))


def evaluate_samples(
    samples: Path | str,
    benchmark: str = "mbpp",
    *,
    out: Path | str,
    k: Sequence[int] = (1,),
    data: Path | str | None = None,
    limits: Path | str | None = None,
    checkers: Path | str | None = None,
    split: str = "all",
    problem_set: str = "",
    shard: str = "",
    prompt_card: str | None = None,
    contaminated: Path | str | None = None,
    reading: ReadingSettings = _RECOGNISED,
    judging: JudgingSettings = _USUAL,
    tell: Callable[[str], object] = lambda _: None,
) -> tuple[Result, ...]:
    r"""Judge samples in the sandbox and score them, as `proctor score` does; the same call resumes a killed one.

    Args:
        samples: file of any format in `harness.formats` (plain or packed with gzip), folder of a run or of programs, or
            "-" for standard input.
        benchmark: name of the benchmark that they answer, or "path.py:attribute".
        out: folder of the run, new or of the same run; it gets the samples, evaluations, `result.json` and `report.md`.
        k: numbers of tries for pass@k.
        data: file or folder with the problems; by default the benchmark's own source.
        limits: file of calibrated limits; by default the benchmark's own limits.
        checkers: file of checkers for some problems, a JSON object of names by task id; by default the benchmark's own.
        split: judge only problems of this split; "all" for every one that the samples name.
        problem_set: judge a published set of problems, all of it.
        shard: such as "3/16": judge only these of the problems.
        prompt_card: name or path of the card with which the samples were generated.
        contaminated: file that names problems which the models may have been trained on, a task id a line, or the
            card.json of compiled data; the score without them stands beside the other.
        reading: the format, where it isn't recognised, and what a file leaves open.
        judging: extraction of programs, isolation, workers or a cluster.
        tell: is called at the end with lines for the user: the format, odd rows, agreement with recorded verdicts.

    Returns:
        One result a policy, sorted by policy.

    Raises:
        UserError: Nothing is written: the inputs don't go together, isolation is too weak, or `out` is another run.
        Unavailable: The cluster went away; the same call goes on.

    >>> import json, tempfile
    >>> folder, task = Path(tempfile.mkdtemp()), "introductory/change_in_coins"
    >>> programs = (load_benchmark("mini").problems[task].reference, "def change_in_coins(price, paid): return []")
    >>> rows = (json.dumps({"task_id": task, "completion": program}) for program in programs)
    >>> _ = (folder / "model.jsonl").write_text("\n".join(rows))
    >>> (result,) = evaluate_samples(folder / "model.jsonl", "mini", out=folder / "run")
    >>> result.policy, result.scores[0].k, result.scores[0].value
    ('model', 1, 0.5)
    """
    source, origin = source_of(benchmark, data, limits, checkers), _origin(Path(samples), shard, prompt_card)
    with judging.started() as started:
        settings = ExaminationSettings(
            k=tuple(k), source=source, judging=started, origin=origin, problem_set=problem_set
        )
        return _score_file(
            Path(samples), Path(out), settings, reading, tell, split=split, shard=shard, contaminated=contaminated
        )


def generate_and_evaluate(
    benchmark: str,
    settings: GenerationSettings,
    *,
    out: Path | str,
    k: Sequence[int] = (1,),
    data: Path | str | None = None,
    limits: Path | str | None = None,
    checkers: Path | str | None = None,
    judging: JudgingSettings = _USUAL,
) -> tuple[Result, ...]:
    """Generate samples and judge them meanwhile, as `proctor run` does.

    The results are those of `generate` and then `evaluate_samples`; the same call resumes a killed one.

    Args:
        benchmark: as in `generate`, like `settings` and `data`.
        settings: the model, the backend, and as much of the sampling as the prompt card shall not decide.
        out: folder of the run, new or of the same run.
        k: as in `evaluate_samples`, like the others.
        data: file or folder with the problems.
        limits: file of calibrated limits.
        checkers: file of checkers for some problems.
        judging: extraction of programs, isolation, workers or a cluster.

    Returns:
        The result of the model.

    Raises:
        UserError: As in both.
        Unavailable: As in both; the samples that were generated have been judged.
    """
    out, backend = Path(out), backend_of(settings)
    backend.check(settings.model)
    source = source_of(benchmark, data, limits, checkers)
    loaded = open_benchmark(source)
    plan = plan_generation(settings, source, loaded)
    jail_report(judging.jail)
    refuse_short({(plan.policy, task_id): plan.sampling.n for task_id in plan.infos}, k)
    with loaded_engine(backend, settings, plan) as engine:
        record = plan.record(engine.producer)
        origin = Origin(
            prompt_card=plan.prompt_card, sampling=plan.sampling, producer=record.producer, shard=plan.shard
        )
        examination = ExaminationSettings(
            k=tuple(k), source=source, judging=judging, origin=origin, problem_set=plan.problem_set
        )
        open_generation(out, record)
        open_run(out, run_record(plan.infos, examination, plan.sampling.n))
        samples = generate_and_judge(engine, plan, loaded.problems, out, examination)
    return score_samples(samples, loaded.problems, plan.infos, out, examination)


def _score_file(
    samples: Path,
    out: Path,
    settings: ExaminationSettings,
    reading: ReadingSettings,
    tell: Callable[[str], object],
    *,
    split: str,
    shard: str,
    contaminated: Path | str | None,
) -> tuple[Result, ...]:
    """Read samples, judge and score those of the selected problems, and tell the user of them."""
    loaded = open_benchmark(settings.source)
    tainted = read_contaminated(Path(contaminated), loaded.benchmark.name) if contaminated else ()
    read = read_samples(samples, *loaded, out, reading)
    shard = settings.origin.shard if settings.problem_set else shard
    infos = _selected(loaded, read.samples.tally.counts, split, settings.problem_set, shard)
    refuse_flawed(loaded.problems, infos)
    results = score_samples(
        _of_tasks(read.samples, infos, out), loaded.problems, infos, out, settings, contaminated=tainted
    )
    judged = appended_rows(out / EVALUATIONS, Evaluation) if read.recorded else ()
    for line in (*read.remarks, *agreement(read.recorded, judged, read.version)):
        tell(line)
    return results


def _origin(samples: Path, shard: str, prompt_card: str | None) -> Origin:
    """Return the origin of samples: as their folder records it, unless the caller says more."""
    origin = origin_of(samples)
    if shard and origin.shard:
        raise UserError(f"--shard {shard}: {samples} is shard {origin.shard} already; leave the option out")
    card = card_id(load_card(prompt_card)) if prompt_card else origin.prompt_card
    return msgspec.structs.replace(origin, shard=shard or origin.shard, prompt_card=card)


def source_of(
    benchmark: str,
    data: Path | str | None = None,
    limits: Path | str | None = None,
    checkers: Path | str | None = None,
) -> Source:
    """Return the record of where problems come from.

    Args:
        benchmark: its name, or "path.py:attribute".
        data: file or folder with its problems; None for the benchmark's own source.
        limits: file of calibrated limits; None for the benchmark's own.
        checkers: file of checkers for some problems; None for the benchmark's own.

    Returns:
        The record, with paths as they were given.
    """
    paths = {"data": data, "limits": limits, "checkers": checkers}
    return Source(benchmark=benchmark, **{name: str(path) for name, path in paths.items() if path})


def _of_tasks(samples: SampleCopy, infos: ProblemInfos, out: Path) -> SampleCopy:
    """Return the samples of some tasks, which may be all."""
    if all(task_id in infos for _, task_id in samples.tally.counts):
        return samples
    return SampleCopy((sample for sample in samples.rows() if sample.task_id in infos), out)


def _selected(loaded: LoadedBenchmark, counts: SampleCounts, split: str, problem_set: str, shard: str) -> ProblemInfos:
    """Return the problems that are judged: those of a split that have samples, or a published set, all of it."""
    if problem_set and split != "all":
        raise UserError("--split and --problem-set both select problems; give only one")
    benchmark, problems = loaded
    if not problem_set:
        return of_shard(
            of_split(problem_infos(problems, {task_id for _, task_id in counts}, benchmark.family), split), shard
        )
    selected = of_shard(whole_set(problem_infos(problems, problems, benchmark.family), benchmark, problem_set), shard)
    refuse_missing(selected, problem_set, counts)
    return selected
