"""Compiles submissions of any source to groups, one problem at a time, on several processes."""

import functools
import signal
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from harness.generation.prompts import PromptCard, load_card, render_prompt
from harness.runs.records import Problem
from sandbox.inside.layers import kernel
from sandbox.records import StdioTest
from trainers.compile import codenet
from trainers.compile.data_card import KEPT, ODDITIES, PROBLEMS, ROWS, Counts, Recipe, Rule, counts_of_groups
from trainers.compile.decontamination import Contamination, Match
from trainers.compile.grouping import deal, reservoir, rng_of, without
from trainers.compile.rewards import Status, reward_of, usual
from trainers.compile.screening import screen
from trainers.compile.statements import Language, read_statement
from trainers.groups import Group

J = TypeVar("J")

_AHEAD_PER_WORKER = 8
"""Problems in work behind a slow one."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a program that may become a member of a group."""

    source_id: str
    completion: str
    status: Status
    cpu_time_ms: float | None = None
    memory_kb: float | None = None
    code_size_bytes: float | None = None
    reward: float | None = None
    """Given with the program; None for that of its status."""
    log_prob: float | None = None
    """That a sample had when it was generated."""


class CompilePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the recipe, a token counter and the overlap to look for; sent to every worker."""

    recipe: Recipe
    count_tokens: Callable[[str], int] | None = None
    """Tokens of a text in the policy's own tokenizer; None checks no length."""
    contamination: Contamination | None = None


class Compiled(NamedTuple):
    """Holds the groups of one problem, its counts and its overlaps."""

    groups: tuple[Group, ...]
    counts: Counts
    matches: tuple[Match, ...]


def compile_all(work: Callable[[J], Compiled], jobs: Iterable[J], workers: int) -> Iterator[Compiled]:
    """Do the jobs on several processes; a few jobs are in work at once.

    Jobs don't depend on each other, so the number of processes changes no result.

    Args:
        work: Compiles one job; sent to each worker once.
        jobs: One a problem.
        workers: Number of processes.

    Yields:
        The results in the order of the jobs.
    """
    remaining = iter(jobs)
    clean = get_context("spawn")  # workers fork in their turn, so they must have none of our threads and locks
    with ProcessPoolExecutor(workers, mp_context=clean, initializer=_take_up, initargs=(work,)) as pool:
        ahead: deque[Future[Compiled]] = deque()
        try:
            ahead.extend(pool.submit(_do, job) for job in islice(remaining, workers * _AHEAD_PER_WORKER))
            while ahead:
                yield ahead.popleft().result()
                ahead.extend(pool.submit(_do, job) for job in islice(remaining, 1))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def compile_codenet_problem(
    problem_id: str, *, tree: Path, language: Language, plan: CompilePlan, left_out: Collection[str] = ()
) -> Compiled:
    """Compile the submissions of one problem of CodeNet's tree.

    Args:
        problem_id: Such as p00001.
        tree: Folder of the CodeNet download.
        language: Language of the statements to keep.
        plan: The recipe, with all that it takes.
        left_out: Ids of accepted submissions that fail here; others take their places.

    Returns:
        Every row of the problem is in its counts; it has no groups where a rule drops the statement.
    """
    index = codenet.index(tree, problem_id)
    counted = index.counts
    counted[ODDITIES, "source files of no submission"] += codenet.stray_sources(tree, problem_id, index.submissions)
    page = codenet.statement_page(tree, problem_id)
    statement = page if isinstance(page, Rule) else read_statement(page, language)
    matches: tuple[Match, ...] = ()
    if not isinstance(statement, Rule) and plan.contamination:
        matches = plan.contamination.in_statement(problem_id, statement.text)
        if matches and not plan.recipe.keep_contaminated:
            statement = Rule.CONTAMINATED_STATEMENT
    if isinstance(statement, Rule):
        counted[PROBLEMS, statement] += 1
        counted[ROWS, statement] += len(index.submissions)
        return Compiled((), counted, matches)
    candidates = tuple(_candidates(tree, index.submissions, plan.recipe, counted))
    prompt = _prompt(problem_id, statement.text)
    compiled = compile_candidates(problem_id, prompt, candidates, plan, must_parse=True, left_out=left_out)
    return Compiled(compiled.groups, counted + compiled.counts, matches + compiled.matches)


@functools.cache
def _card() -> PromptCard:
    return load_card("apps")


def _prompt(problem_id: str, statement: str) -> str:
    """Return the prompt of a submission: that of APPS+ in an examination."""
    reads_stdin = StdioTest(stdin="", expected_stdout="")
    problem = Problem(task_id=problem_id, benchmark="codenet", split="train", statement=statement, tests=(reads_stdin,))
    return str(render_prompt(_card(), problem, {}))  # the card has no messages, so this is its text


def compile_candidates(
    problem_id: str,
    prompt: str,
    candidates: Sequence[Candidate],
    plan: CompilePlan,
    *,
    must_parse: bool,
    left_out: Collection[str] = (),
) -> Compiled:
    """Compile the programs of one prompt to groups.

    Args:
        problem_id: Id of the problem; with the seed it decides the groups.
        prompt: The same for all candidates.
        candidates: Programs with their statuses, in the order of their ids.
        plan: The recipe, with all that it takes.
        must_parse: Whether to drop programs that aren't Python 3, compile errors apart.
        left_out: Ids of accepted programs that fail here.

    Returns:
        The groups, and each candidate counted as in a group or by the rule that drops it.
    """
    counted = Counts()
    candidates = tuple(_distinct(candidates, counted, must_parse=must_parse))
    candidates, matches = _clean(candidates, plan, counted)
    lengths = {c.completion: plan.count_tokens(c.completion) for c in candidates} if plan.count_tokens else {}
    too_long = {text for text, tokens in lengths.items() if tokens > plan.recipe.max_tokens}
    short = _without(too_long, candidates, Rule.TOO_LONG, counted)
    members = tuple(_members(short, problem_id, plan.recipe, counted, left_out))
    medians = usual([c for c in short if c.status == Status.ACCEPTED and c.source_id not in left_out])
    groups = tuple(
        Group(
            problem_id=problem_id,
            prompt=prompt,
            completions=tuple(c.completion for c in group),
            rewards=tuple(
                reward_of(c.status, c, plan.recipe.rewards, medians) if c.reward is None else c.reward for c in group
            ),
            statuses=tuple(str(c.status) for c in group),
            source_ids=tuple(c.source_id for c in group),
            log_probs=tuple(c.log_prob for c in group) if any(c.log_prob is not None for c in group) else (),
        )
        for group in members
    )
    counted += counts_of_groups(groups, lengths, plan.count_tokens(prompt) if plan.count_tokens and groups else 0)
    return Compiled(groups, counted, matches)


_work: list[Callable[[Any], Compiled]] = []
"""A worker's work, sent once and not with every job: a tokenizer is some megabytes."""


def _take_up(work: Callable[[Any], Compiled]) -> None:
    """Become a worker: leave interrupts to the parent process, and end with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if not (parent := parent_process()) or not parent.is_alive():
        sys.exit()  # it ended while this one was starting
    _work[:] = [work]


def _do(job: Any) -> Compiled:
    return _work[0](job)


def _candidates(
    tree: Path, submissions: Iterable[codenet.Submission], recipe: Recipe, counted: Counts
) -> Iterator[Candidate]:
    for submission in submissions:
        rewarded = submission.status in recipe.rewards.rewards
        text = codenet.source(tree, submission) if rewarded else Rule.NO_REWARD
        if isinstance(text, Rule):
            counted[ROWS, text] += 1
        else:
            yield Candidate(
                source_id=submission.submission_id,
                completion=text,
                status=submission.status,
                cpu_time_ms=submission.cpu_time_ms,
                memory_kb=submission.memory_kb,
                code_size_bytes=submission.code_size_bytes,
            )


def _distinct(candidates: Sequence[Candidate], counted: Counts, *, must_parse: bool) -> Iterator[Candidate]:
    """Yield the first of those with the same tokens; where one is accepted and another not, neither label is sure."""
    screened = screen([candidate.completion for candidate in candidates])
    outcomes: dict[bytes, set[bool]] = {}
    sound: list[tuple[bytes, Candidate]] = []
    for candidate, (parses, digest) in zip(candidates, screened, strict=True):
        if not digest:
            counted[ROWS, Rule.PARSER_ENDED] += 1
        elif must_parse and not parses and candidate.status != Status.COMPILE_ERROR:
            counted[ROWS, Rule.NOT_PYTHON_3] += 1
        else:
            outcomes.setdefault(digest, set()).add(candidate.status == Status.ACCEPTED)
            sound.append((digest, candidate))
    seen = set[bytes]()
    for digest, candidate in sound:
        if len(outcomes[digest]) > 1:
            counted[ROWS, Rule.CONTRADICTORY] += 1
        elif digest in seen:
            counted[ROWS, Rule.REPEATED] += 1
        else:
            seen.add(digest)
            yield candidate


def _clean(
    candidates: Sequence[Candidate], plan: CompilePlan, counted: Counts
) -> tuple[tuple[Candidate, ...], tuple[Match, ...]]:
    """Return the programs that hold no reference of a benchmark, and what those that do hold."""
    if plan.contamination is None:
        return tuple(candidates), ()
    found = {c.completion: plan.contamination.in_code(c.source_id, c.completion) for c in candidates}
    matches = tuple(match for of_program in found.values() for match in of_program)
    if plan.recipe.keep_contaminated:
        return tuple(candidates), matches
    contaminated = {text for text, of_program in found.items() if of_program}
    return _without(contaminated, candidates, Rule.CONTAMINATED_CODE, counted), matches


def _without(
    completions: Collection[str], candidates: Sequence[Candidate], rule: Rule, counted: Counts
) -> tuple[Candidate, ...]:
    kept = tuple(candidate for candidate in candidates if candidate.completion not in completions)
    counted[ROWS, rule] += len(candidates) - len(kept)
    return kept


def _members(
    candidates: Sequence[Candidate], problem_id: str, recipe: Recipe, counted: Counts, left_out: Collection[str]
) -> Iterator[tuple[Candidate, ...]]:
    rng = rng_of(recipe.seed, problem_id)
    accepted = [candidate for candidate in candidates if candidate.status == Status.ACCEPTED]
    rejected = [candidate for candidate in candidates if candidate.status != Status.ACCEPTED]
    first = reservoir(accepted, recipe.max_accepted, rng)
    failing = {candidate for candidate in accepted if candidate.source_id in left_out}
    kept = without(failing, first, accepted, rng_of(recipe.seed, f"{problem_id}/spare"))
    members = 0
    for group in deal(kept, rejected, recipe.group_size, rng, unbalanced=recipe.unbalanced):
        members += len(group)
        yield group
    counted[ROWS, Rule.FAILS_HERE] += len(left_out)
    counted[ROWS, Rule.OVER_CAP] += len(accepted) - len(kept) - len(left_out)
    counted[ROWS, Rule.NO_PARTNER] += len(kept) + len(rejected) - members
    counted[ROWS, KEPT] += members
