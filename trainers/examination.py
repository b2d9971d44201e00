"""Examines the policy while it trains: keeps its best checkpoint, and says when training does harm.

What was found lies in the folders of the runs alone: an examination is done where its result is there, and which
checkpoint is the best follows from the results, after a kill too.
"""

import shutil
from collections.abc import Callable, Sequence
from math import comb
from pathlib import Path
from typing import NamedTuple

import torch

from harness.api import generate_and_evaluate
from harness.benchmarks.benchmark import BENCHMARKS, Benchmark
from harness.errors import UserError
from harness.examination.examine import JudgingSettings
from harness.generation.planning import GenerationSettings, card_for
from harness.plugins import resolve
from harness.progress import say
from harness.runs.jsonl import read
from harness.runs.records import Result, Tally
from harness.runs.run_folder import RESULTS
from harness.scoring.differences import MeanDifference, changes_of, mean_difference
from harness.scoring.score import ALL
from trainers.config import TrainingOptions
from trainers.dataset import examined_steps
from trainers.plan.examinations import examination_jail
from trainers.trainer import CHECKPOINT_FILE
from trainers.training_run import StepScore

Examine = Callable[[Path, Path], object]
"""Examines the checkpoint in a folder (first) and writes the result into the folder of a run (second), last of all; a
call that was killed goes on when the same is called again."""

STEPS, EXAMINATIONS, BEST = "steps", "examinations", "best"
"""Folders of checkpoints on the way and of their runs, and the link to the best of these checkpoints."""

_WHERE_CARDS_ARE_GREEDY = 0.8
"""Sampling temperature of several samples a problem, where the card has 0: they would all be alike."""
_FALSE_ALARMS = 0.05
"""Chance, at most, that a training is stopped whose policy doesn't change."""


def examiner(options: TrainingOptions) -> Examine | None:
    """Return what examines checkpoints by the options of a training.

    Args:
        options: Those with `examine` in their names count.

    Returns:
        A function that generates and judges as `proctor run` does; None where no benchmark is named.

    Raises:
        UserError: There is no such layer of isolation, benchmark or card.
    """
    if options.examine is None:
        return None
    benchmark = options.examine
    judging = JudgingSettings(jail=examination_jail(options))
    card = card_for(resolve(BENCHMARKS, benchmark, Benchmark), options.examine_card)
    temperature = None if options.examine_n == 1 else card.temperature or _WHERE_CARDS_ARE_GREEDY

    def examine(checkpoint: Path, run: Path) -> None:
        settings = GenerationSettings(
            model=str(checkpoint),
            backend="transformers",
            policy=f"step-{int(checkpoint.name)}",
            split=options.examine_split,
            limit=options.examine_limit,
            prompt_card=options.examine_card,
            n=options.examine_n,
            temperature=temperature,
            max_tokens=options.examine_max_tokens,
            seed=options.seed,
        )
        ks = sorted({1, options.examine_n})
        generate_and_evaluate(benchmark, settings, out=run, k=ks, data=options.examine_data, judging=judging)

    return examine


class Standing(NamedTuple):
    """Tells the best of the policies that were examined, and compares the latest with the best before it."""

    best: int
    """Its step."""
    against: int
    """Step of the best before the latest; its own where it is the only one."""
    change: MeanDifference | None
    """Of pass@1, from the best before to the latest; None where it is the only one."""

    @property
    def harmed(self) -> bool:
        """Return whether the whole interval of the change lies below 0."""
        return self.change is not None and self.change.high < 0


def standing(results: Sequence[tuple[int, Result]], policies: int) -> Standing:
    """Compare the policies that were examined, each with the best before it.

    The best is the one with the largest pass@1, the earliest of several. Each comparison is paired by problem. Any of
    them stops a training, and the best of several is a lucky one, so the upper end of an interval is one-sided at a
    level of 5 % over the number of all pairs (Bonferroni's correction).

    Args:
        results: Steps with their results, at least one, in order.
        policies: That the whole training will examine, at least two.

    Returns:
        What holds after the latest.
    """
    (best, of_best), *others = results
    confidence = 1 - 2 * _FALSE_ALARMS / comb(policies, 2)
    found = Standing(best, best, None)
    for step, result in others:
        before, now = _shared(of_best, result)
        changes = changes_of([before], [now], 1)  # exact: equal scores differ by no rounding
        found = Standing(best, best, mean_difference(changes, confidence) if changes else None)
        if sum(changes) > 0:
            best, of_best = step, result
            found = found._replace(best=step)
    return found


def _shared(a: Result, b: Result) -> tuple[list[Tally], list[Tally]]:
    """Return the tallies of the problems of which both have a judged sample."""
    of_a, of_b = ({tally.task_id: tally for tally in result.tallies if tally.n} for result in (a, b))
    shared = [task_id for task_id in of_a if task_id in of_b]
    return [of_a[task_id] for task_id in shared], [of_b[task_id] for task_id in shared]


def scores_of(result: Result) -> tuple[StepScore, ...]:
    """Return the scores of a result over all its problems.

    Args:
        result: Of an examination.

    Returns:
        One for each k.
    """
    return tuple(
        StepScore(k=score.k, value=score.value, low=score.low, high=score.high)
        for score in result.scores
        if (score.difficulty, score.kind) == (ALL, ALL)
    )


class Monitor:
    """Examines the checkpoints of one training, and keeps the best of them."""

    def __init__(self, examine: Examine, options: TrainingOptions, out: Path, total: int) -> None:
        """Take what all examinations have in common.

        Args:
            examine: Examines a checkpoint.
            options: Settings of the training.
            out: Its folder.
            total: Its steps.
        """
        self._examine, self._options, self._out, self._total = examine, options, out, total
        self._due = examined_steps(total, options)

    def is_due(self, step: int) -> bool:
        """Return whether the policy after a step is to be examined.

        Args:
            step: Steps taken so far.
        """
        return step in self._due

    def next_after(self, step: int) -> int:
        """Return the step after which the next examination is due.

        Args:
            step: Steps taken so far, fewer than all.
        """
        return next(due for due in self._due if due > step)

    def examined(self, step: int) -> tuple[tuple[StepScore, ...], bool]:
        """Examine the checkpoint of a step, unless it was; link the best one and remove those that nobody keeps.

        Args:
            step: One that is due, whose checkpoint is written.

        Returns:
            Its scores, and whether training is to stop for the harm that it does.

        Raises:
            UserError: As of `generate_and_evaluate`.
        """
        if not self._result_file(step).exists():
            self._apart(step)
        results = [(due, self._result(due)) for due in self._due if due <= step]
        found = standing(results, len(self._due))
        self._link(found.best)
        for due, _ in results:
            if due != found.best and not self._is_kept(due):
                self._remove(due)
        stopped = found.harmed and self._options.stop_on_harm
        scores = scores_of(results[-1][1])
        say(examination_line(step, scores, found))
        if stopped:
            say(f"training stops after step {step}; the best checkpoint is {self._out / BEST}")
        return scores, stopped

    def _is_kept(self, step: int) -> bool:
        """Return whether the user keeps the checkpoint of a step anyway."""
        every = self._options.keep_every_steps
        return every is not None and step > 0 and step % every == 0

    def _apart(self, step: int) -> None:
        """Examine a checkpoint; training goes on with the threads that it had, on which its bits depend."""
        threads = torch.get_num_threads()
        torch.cuda.empty_cache()
        try:
            self._examine(self._checkpoint(step), self._result_file(step).parent)
        finally:
            torch.set_num_threads(threads)
            torch.cuda.empty_cache()

    def _result(self, step: int) -> Result:
        path = self._result_file(step)
        results = read(path, tuple[Result, ...])
        if len(results) != 1:
            raise UserError(f"{path}: holds {len(results)} results where an examination has one; remove its folder")
        return results[0]

    def _result_file(self, step: int) -> Path:
        return self._out / EXAMINATIONS / f"{step:08}" / RESULTS

    def _checkpoint(self, step: int) -> Path:
        return self._out / STEPS / f"{step:08}"

    def _link(self, step: int) -> None:
        draft = self._out / f"{BEST}.tmp"
        draft.unlink(missing_ok=True)
        draft.symlink_to(Path(STEPS) / f"{step:08}")
        draft.replace(self._out / BEST)

    def _remove(self, step: int) -> None:
        """Remove a checkpoint, first of all the record that says that it is whole."""
        folder = self._checkpoint(step)
        (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def examination_line(step: int, scores: Sequence[StepScore], found: Standing) -> str:
    """Return an examination as one line for the terminal.

    Args:
        step: Steps taken before it.
        scores: Of the policy.
        found: The comparison with the best before.

    Returns:
        The line, without a newline.
    """
    parts = [
        f"pass@{score.k} {100 * score.value:.1f} % ({100 * score.low:.1f} to {100 * score.high:.1f})"
        for score in scores
    ]
    if found.change:
        low, high = 100 * found.change.low, 100 * found.change.high
        change = f"{100 * found.change.value:+.1f} ({low:+.1f} to {high:+.1f}) against step {found.against}"
        parts.append(f"{change}{', worse' if found.harmed else ''}")
    return f"step {step}: {', '.join(parts)}; the best is that of step {found.best}"
