"""Finds overlap between a benchmark and the data: n-grams of its statements and reference programs.

The measure is containment: the share of a task's n-grams that a text of ours contains, beside anything else. 13-grams
of words are those of Brown et al. 2020 (arXiv:2005.14165, appendix C), who drop a text for one of them. A task with
fewer words, as MBPP has many, is one gram of its own length, down to a length below which every text would match.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from harness.runs.records import Problem

WORDS = 13
"""Length of a statement's n-grams."""

MIN_WORDS = 8
"""Statements with fewer words can't be looked for."""

CODE_TOKENS = 20
"""Length of a program's n-grams."""

MIN_CODE_TOKENS = 12
"""Reference programs with fewer tokens can't be looked for."""

_WORD = re.compile(r"\w+")
_CODE_TOKEN = re.compile(r"\w+|[^\w\s]")
_COMMENT = re.compile(r"#[^\n]*")


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Records a text of ours that contains `overlap` (in (0, 1]) of the n-grams of a benchmark's task."""

    what: str
    """A problem's id for its statement, a submission's for its code."""
    benchmark: str
    task_id: str
    overlap: float


class Grams(msgspec.Struct, frozen=True, kw_only=True):
    """Indexes the n-grams of many tasks, tokens joined by NUL, by the numbers of the tasks that have them."""

    tasks: dict[str, tuple[int, ...]]
    sizes: tuple[int, ...]
    """Distinct n-grams of each task, 0 for one that is too short."""
    lengths: tuple[int, ...]
    """The lengths of n-grams that occur; short tasks are one gram of their own length."""


class Contamination(msgspec.Struct, frozen=True, kw_only=True):
    """Matches texts against the tasks of benchmarks, from an overlap of `threshold` (in (0, 1]) on."""

    names: tuple[tuple[str, str], ...]
    """(benchmark, task_id) by number."""
    statements: Grams
    code: Grams
    threshold: float

    def in_statement(self, problem_id: str, text: str) -> tuple[Match, ...]:
        """Return the tasks whose statement this one contains.

        Args:
            problem_id: Id of the statement's problem, for the record.
            text: A statement of ours.

        Returns:
            One record for each task with an overlap of at least `threshold`.
        """
        return self._matches(problem_id, words(text), self.statements)

    def in_code(self, source_id: str, program: str) -> tuple[Match, ...]:
        """Return the tasks whose reference program this one contains.

        Args:
            source_id: Id of the program, for the record.
            program: A program of ours.

        Returns:
            One record for each task with an overlap of at least `threshold`.
        """
        return self._matches(source_id, code_tokens(program), self.code)

    def _matches(self, what: str, tokens: Sequence[str], grams: Grams) -> tuple[Match, ...]:
        found = Counter(task for gram in _grams(tokens, grams.lengths) for task in grams.tasks.get(gram, ()))
        shares = {task: count / grams.sizes[task] for task, count in found.items()}
        return tuple(
            Match(what=what, benchmark=self.names[task][0], task_id=self.names[task][1], overlap=round(share, 4))
            for task, share in sorted(shares.items())
            if share >= self.threshold
        )


def contamination(benchmarks: Mapping[str, Iterable[Problem]], threshold: float) -> Contamination:
    """Index every problem of the benchmarks, of all splits.

    Args:
        benchmarks: Name -> problems.
        threshold: Share of a task's n-grams, in (0, 1], that counts as overlap.

    Returns:
        The index, which can be sent to other processes.
    """
    problems = [(name, problem) for name, loaded in benchmarks.items() for problem in loaded]
    return Contamination(
        names=tuple((name, problem.task_id) for name, problem in problems),
        statements=_taken([words(problem.statement) for _, problem in problems], MIN_WORDS, WORDS),
        code=_taken([code_tokens(problem.reference) for _, problem in problems], MIN_CODE_TOKENS, CODE_TOKENS),
        threshold=threshold,
    )


def words(text: str) -> list[str]:
    """Return the words of a statement, without punctuation.

    Args:
        text: A statement.

    Returns:
        Its words in lower case, in order.
    """
    return _WORD.findall(text.lower())


def code_tokens(program: str) -> list[str]:
    """Return the names, numbers and signs of a program, without its comments.

    Args:
        program: Python or not: broken programs have tokens, too.

    Returns:
        Its tokens in order.
    """
    return _CODE_TOKEN.findall(_COMMENT.sub("", program))


def _taken(texts: Iterable[Sequence[str]], shortest: int, longest: int) -> Grams:
    tasks: dict[str, list[int]] = {}
    sizes, lengths = [], set[int]()
    for task, tokens in enumerate(texts):
        own_lengths = {min(longest, len(tokens))} if len(tokens) >= shortest else set[int]()
        grams = _grams(tokens, own_lengths)
        sizes.append(len(grams))
        lengths |= own_lengths
        for gram in grams:
            tasks.setdefault(gram, []).append(task)
    return Grams(
        tasks={gram: tuple(numbers) for gram, numbers in tasks.items()},
        sizes=tuple(sizes),
        lengths=tuple(sorted(lengths)),
    )


def _grams(tokens: Sequence[str], lengths: Iterable[int]) -> set[str]:
    """Return the n-grams of these lengths."""
    return {
        "\0".join(tokens[start : start + length]) for length in lengths for start in range(len(tokens) - length + 1)
    }
