"""Offers the functions that Python programs call; the command line calls the same."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from harness.benchmarks.benchmark import LoadedBenchmark, open_benchmark
from harness.benchmarks.flaws import refuse_flawed
from harness.benchmarks.problem_info import ProblemInfos, problem_infos
from harness.benchmarks.selection import of_shard, of_split, refuse_missing, whole_set
from harness.errors import UserError
from harness.examination.examine import ExaminationSettings, JudgingSettings, Origin, jail_report, origin_of, run_record
from harness.examination.overlap import generate_and_judge
from harness.generation.planning import GenerationSettings, backend_of, generate_samples, loaded_engine, plan_generation
from harness.generation.prompts import card_id, load_card
from harness.runs.records import Result, Source
from harness.runs.row_store import SampleCopy, SampleCounts, SampleFile
from harness.runs.run_folder import open_generation, open_run
from harness.runs.samples import copy_samples
from harness.scoring.conclude import score_samples
from harness.scoring.score import refuse_short

_USUAL = JudgingSettings()


def load_benchmark(name: str, *, data: Path | str | None = None, limits: Path | str | None = None) -> LoadedBenchmark:
    """Load a benchmark by name.

    Args:
        name: of a registered benchmark, such as "mbpp", or "path.py:attribute".
        data: file or folder with its problems; by default the benchmark's own source.
        limits: file of calibrated limits that `proctor audit --out` wrote; by default the benchmark's own limits.

    Returns:
        The benchmark and its problems by task id, in its order. They may be decoded when they are looked up.

    Raises:
        UserError: There is no such benchmark, or a file is malformed.

    >>> benchmark, problems = load_benchmark("mini")
    >>> benchmark.prompt_card, len(problems)
    ('chat', 46)
    """
    return open_benchmark(source_of(name, data, limits))


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

    >>> import json, tempfile
    >>> folder, task = Path(tempfile.mkdtemp()), "introductory/change_in_coins"
    >>> _ = (folder / "recorded.jsonl").write_text(json.dumps({"task_id": task, "completion": "pass"}))
    >>> settings = GenerationSettings(model=str(folder / "recorded.jsonl"), backend="replay", policy="m", limit=1)
    >>> samples = generate("mini", settings, out=folder / "samples")
    >>> samples["m", task, 0].completion
    'pass'
    """
    backend = backend_of(settings)  # before the problems are read, which may take long
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
    split: str = "all",
    problem_set: str = "",
    shard: str = "",
    prompt_card: str | None = None,
    judging: JudgingSettings = _USUAL,
) -> tuple[Result, ...]:
    r"""Judge samples in the sandbox and score them, as `proctor score` does; the same call resumes a killed one.

    Args:
        samples: file of human-eval, evalplus, bigcode-evaluation-harness or proctor (plain or .gz), or folder of a run.
        benchmark: name of the benchmark that they answer, or "path.py:attribute".
        out: folder of the run, new or of the same run; it gets the samples, evaluations, `result.json` and `report.md`.
        k: numbers of tries for pass@k.
        data: file or folder with the problems; by default the benchmark's own source.
        limits: file of calibrated limits; by default the benchmark's own limits.
        split: judge only problems of this split; "all" for every one that the samples name.
        problem_set: judge a published set of problems, all of it.
        shard: such as "3/16": judge only these of the problems.
        prompt_card: name or path of the card with which the samples were generated.
        judging: extraction of programs, isolation, workers or a cluster.

    Returns:
        One result a policy, sorted by policy.

    Raises:
        UserError: Nothing is written: the inputs don't go together, isolation is too weak, or `out` is another run.
        Unavailable: The cluster went away; the same call goes on.

    >>> import json, tempfile
    >>> folder, task = Path(tempfile.mkdtemp()), "introductory/change_in_coins"
    >>> programs = (load_benchmark("mini").problems[task].reference, "def change_in_coins(price, paid): return []")
    >>> rows = [json.dumps({"task_id": task, "completion": program}) for program in programs]
    >>> _ = (folder / "model.jsonl").write_text("\n".join(rows))
    >>> (result,) = evaluate_samples(folder / "model.jsonl", "mini", out=folder / "run")
    >>> result.policy, result.scores[0].k, result.scores[0].value
    ('model', 1, 0.5)
    """
    if problem_set and split != "all":
        raise UserError("--split and --problem-set both select problems; give only one")
    with judging.started() as started:
        source = source_of(benchmark, data, limits)
        loaded = open_benchmark(source)
        origin = _origin(Path(samples), shard, prompt_card)
        copy = copy_samples(Path(samples), *loaded, Path(out))
        infos = _selected(loaded, copy.tally.counts, split, problem_set, origin.shard if problem_set else shard)
        refuse_flawed(loaded.problems, infos)
        if any(task_id not in infos for _, task_id in copy.tally.counts):
            copy = SampleCopy((sample for sample in copy.rows() if sample.task_id in infos), Path(out))
        settings = ExaminationSettings(
            k=tuple(k), source=source, judging=started, origin=origin, problem_set=problem_set
        )
        return score_samples(copy, loaded.problems, infos, Path(out), settings)


def generate_and_evaluate(
    benchmark: str,
    settings: GenerationSettings,
    *,
    out: Path | str,
    k: Sequence[int] = (1,),
    data: Path | str | None = None,
    limits: Path | str | None = None,
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
        judging: extraction of programs, isolation, workers or a cluster.

    Returns:
        The result of the model.

    Raises:
        UserError: As in both.
        Unavailable: As in both; the samples that were generated have been judged.
    """
    out, backend = Path(out), backend_of(settings)
    source = source_of(benchmark, data, limits)
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


def _origin(samples: Path, shard: str, prompt_card: str | None) -> Origin:
    """Return the origin of samples: as their folder records it, unless the caller says more."""
    origin = origin_of(samples)
    if shard and origin.shard:
        raise UserError(f"--shard {shard}: {samples} is shard {origin.shard} already; leave the option out")
    card = card_id(load_card(prompt_card)) if prompt_card else origin.prompt_card
    return msgspec.structs.replace(origin, shard=shard or origin.shard, prompt_card=card)


def source_of(benchmark: str, data: Path | str | None = None, limits: Path | str | None = None) -> Source:
    """Return the record of where problems come from.

    Args:
        benchmark: its name, or "path.py:attribute".
        data: file or folder with its problems; None for the benchmark's own source.
        limits: file of calibrated limits; None for the benchmark's own.

    Returns:
        The record, with paths as they were given.
    """
    return Source(benchmark=benchmark, data=str(data) if data else None, limits=str(limits) if limits else None)


def _selected(loaded: LoadedBenchmark, counts: SampleCounts, split: str, problem_set: str, shard: str) -> ProblemInfos:
    """Return the problems that are judged: those of a split that have samples, or a published set, all of it."""
    benchmark, problems = loaded
    if not problem_set:
        return of_shard(of_split(problem_infos(problems, {task_id for _, task_id in counts}), split), shard)
    selected = of_shard(whole_set(problem_infos(problems, problems), benchmark, problem_set), shard)
    refuse_missing(selected, problem_set, counts)
    return selected
