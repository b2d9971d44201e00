"""Results as a table that reads well on a terminal and in markdown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from harness.passk import ALL
from harness.records import Result, Score


def markdown(results: Iterable[Result]) -> str:
    """Return one section a result: pass@k by difficulty in percent with 95 % intervals, verdicts, and the protocol."""
    return "\n".join(line for result in results for line in _section(result))


def _section(result: Result) -> Iterator[str]:
    samples = sum(result.verdict_counts.values())
    yield f"## {result.policy} on {result.benchmark}"
    yield ""
    yield f"{len(result.tallies)} problems ({', '.join(result.splits)}), {samples} samples; percent with 95 % interval"
    yield ""
    yield from _table(_score_rows(result))
    yield ""
    yield from _table([tuple(result.verdict_counts), tuple(map(str, result.verdict_counts.values()))])
    yield ""
    yield f"Python {result.python}; isolation: {_isolation(result.isolation)}"
    yield ""


def _score_rows(result: Result) -> Iterator[tuple[str, ...]]:
    problems = Counter(tally.difficulty for tally in result.tallies)
    problems[ALL] = len(result.tallies)
    ks = sorted({score.k for score in result.scores})
    cells = {(score.difficulty, score.k): _cell(score, problems[score.difficulty]) for score in result.scores}
    yield "difficulty", "problems", *(f"pass@{k}" for k in ks)
    for difficulty in dict.fromkeys(score.difficulty for score in result.scores):
        yield difficulty, str(problems[difficulty]), *(cells.get((difficulty, k), "") for k in ks)


def _cell(score: Score, problems: int) -> str:
    """Return "90.94 (87.6-93.4)", and over how many problems where sandbox errors left some out."""
    partial = "" if score.problems == problems else f" of {score.problems} problems"
    return f"{100 * score.value:.2f} ({100 * score.low:.1f}-{100 * score.high:.1f}){partial}"


def _isolation(layers: Mapping[str, str]) -> str:
    """Return "landlock (ABI 7), seccomp; absent: pid (no such namespace)"."""
    states = {layer: state.partition("in force") for layer, state in layers.items()}
    in_force = [f"{layer}{detail}" for layer, (_, found, detail) in states.items() if found]
    absent = [f"{layer} ({state.removeprefix('absent: ')})" for layer, (state, found, _) in states.items() if not found]
    told = ", ".join(in_force) or "NONE, every program was trusted"
    return f"{told}; absent: {', '.join(absent)}" if absent else told


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    head, *body = rows
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    for row in (head, ["-" * width for width in widths], *body):
        yield f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
