"""Writes results as tables that read well on a terminal and in markdown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from harness.escapes import in_markdown
from harness.extraction.extract import FAILED, IN_THOUGHT, UNKNOWN
from harness.runs.conditions import allowed_text, sampling_text
from harness.runs.metrics import CleanScore, Consistency
from harness.runs.records import Repetition, Result, Sampling, Score, VerdictShare
from harness.scoring.clusters import families_of, unit_text
from harness.scoring.consistency import MAJORITY
from harness.scoring.lost import lost_text
from harness.scoring.score import ALL, Subset, by_month, by_subset
from sandbox.printable import one_line
from sandbox.records import Verdict

_SHOWN = 10
"""Packages that are listed."""
_ALWAYS_SHOWN = ("without a program", "cut off")
"""What is said of extraction though it be 0."""
_MEANINGS = {
    "pass^k": "all right", "G-pass@k_0.5": "half right", "mG-pass@k": "mean of more than half right",
    MAJORITY: "most answer alike, and right",
}  # fmt: skip
"""Metrics that want several of k samples right."""
_WIDEST = 400
"""Characters to which the cells of a column are filled up: one long name must not be paid for in every row."""


def report_markdown(results: Iterable[Result]) -> str:
    """Return one section a result: pass@k and verdicts by difficulty and kind of test, by month, and the protocol.

    Shares are percent with 95 % intervals; pairs of a difficulty and a kind are left to result.json.

    Args:
        results: of one run or several.

    Returns:
        The text of `report.md`.
    """
    return "\n".join(line for result in results for line in _section(result))


def _section(result: Result) -> Iterator[str]:
    samples, conditions = sum(result.verdict_counts.values()), result.conditions
    subsets = _shown_subsets(result)
    selection = conditions.problem_set or ", ".join(conditions.splits)
    if conditions.shard:
        selection = f"shard {conditions.shard} of {selection}"
    yield f"## {in_markdown(f'{result.policy} on {conditions.benchmark}')}"
    yield ""
    problems = unit_text(len(result.tallies), len(set(families_of([result.tallies]))))
    yield f"{problems} ({in_markdown(selection)}), {samples} samples; percent with 95 % interval"
    yield ""
    yield from table(_score_rows(result, subsets))
    yield ""
    if again := ", ".join(_redrawn(result)):
        yield f"Intervals are for other problems like these; for these problems, drawn again: {again}"
        yield ""
    yield from table(_verdict_rows(result, subsets))
    yield ""
    for rows in (_month_rows(result), _consistency_rows(result), _clean_rows(result)):
        if written := list(rows):
            yield from table(written)
            yield ""
    for warning in filter(None, (lost_text(result), repetition_warning(result))):
        yield f"**{in_markdown(warning)}**"
        yield ""
    yield f"Prompt: {in_markdown(_prompt(result))}; extraction: {_extraction(result, samples)}"
    yield ""
    if absent := packages_text(result.absent_packages):
        yield f"Failed for a package that the sandbox does not show, see --allow: {absent}"
        yield ""
    if generation := "; ".join(_generation(result, samples)):
        yield f"Generated: {one_line(generation)}"
        yield ""
    limits = f"; limits: {conditions.limits_file}" if conditions.limits_file else ""
    checkers = f"; checkers named in a file: {conditions.checkers_sha256[:12]}" if conditions.checkers_sha256 else ""
    allowed = f"; allowed: {packages}" if (packages := allowed_text(conditions.allow)) else ""
    ran = f"Python {conditions.python}{limits}{checkers}{allowed}"
    yield in_markdown(f"{ran}; isolation: {isolation_of(conditions.isolation)}")
    yield ""


def _shown_subsets(result: Result) -> Mapping[Subset, int]:
    """Return the number of problems of all, of each difficulty, and of each kind where there are several."""
    sizes = {subset: len(tallies) for subset, tallies in by_subset(result.tallies).items()}
    several_kinds = sum(subset.difficulty == ALL for subset in sizes) > 2  # one of them is "all"
    return {
        subset: size
        for subset, size in sizes.items()
        if subset.kind == ALL or (subset.difficulty == ALL and several_kinds)
    }


def _name(subset: Subset) -> str:
    return in_markdown(subset.difficulty if subset.kind == ALL else subset.kind)


def _score_rows(result: Result, subsets: Mapping[Subset, int]) -> Iterator[tuple[str, ...]]:
    ks = sorted({score.k for score in result.scores})
    cells = {(Subset(score.difficulty, score.kind), score.k): score for score in result.scores}
    with_kinds = any(subset.kind != ALL for subset in subsets)
    yield "difficulty, kind" if with_kinds else "difficulty", "problems", *(f"pass@{k}" for k in ks)
    for subset, size in subsets.items():
        yield _name(subset), str(size), *(_score_cell(cells.get((subset, k)), size) for k in ks)


def _redrawn(result: Result) -> Iterator[str]:
    """Yield the interval of each pass@k over all problems for samples of the same problems."""
    for score in result.scores:
        if score.difficulty == score.kind == ALL and score.redrawn_low is not None and score.redrawn_high is not None:
            yield f"pass@{score.k} {100 * score.redrawn_low:.1f}-{100 * score.redrawn_high:.1f}"


def _month_rows(result: Result) -> Iterator[tuple[str, ...]]:
    """Yield pass@k of the problems published in each month; nothing where dates are unknown."""
    ks = sorted({score.k for score in result.scores})
    sizes = Counter(tally.date[:7] for tally in result.tallies)
    for number, (month, scores) in enumerate(by_month(result.tallies, ks).items()):
        if number == 0:
            yield "published", "problems", *(f"pass@{k}" for k in ks)
        cells = {score.k: score for score in scores}
        yield month, str(sizes[month]), *(_score_cell(cells.get(k), sizes[month]) for k in ks)


def _consistency_rows(result: Result) -> Iterator[tuple[str, ...]]:
    """Yield the metrics that want several of k samples right, by k; nothing where k is 1."""
    ks = sorted({row.k for row in result.consistency})
    cells = {(row.metric, row.k): row for row in result.consistency if row.difficulty == row.kind == ALL}
    if ks:
        yield "of k samples", *(f"k = {k}" for k in ks)
    for metric, meaning in _MEANINGS.items():
        if found := [cells[metric, k] for k in ks if (metric, k) in cells]:
            every = max(row.problems for row in result.consistency)
            fewer = f", {found[0].problems} problems" if metric == MAJORITY and found[0].problems < every else ""
            yield f"{meaning} ({metric}{fewer})", *map(_percent, found)


def _clean_rows(result: Result) -> Iterator[tuple[str, ...]]:
    """Yield pass@k with and without the contaminated problems; nothing where none was named, or all were."""
    if result.clean_scores:
        yield "not contaminated", "problems", "k", "all problems", "these only", "what the others add"
    for row in result.clean_scores:
        gain = f"{100 * row.gain:+.2f} ({100 * row.gain_low:+.1f} to {100 * row.gain_high:+.1f})"
        yield in_markdown(row.difficulty), str(row.problems), str(row.k), f"{100 * row.full:.2f}", _percent(row), gain


def _score_cell(score: Score | None, problems: int) -> str:
    """Return "90.94 (87.6-93.4)", and over how many problems where sandbox errors left some out."""
    if score is None:
        return ""
    partial = "" if score.problems == problems else f" of {score.problems} problems"
    return f"{_percent(score)}{partial}"


def _percent(row: Score | VerdictShare | Consistency | CleanScore) -> str:
    return f"{100 * row.value:.2f} ({100 * row.low:.1f}-{100 * row.high:.1f})"


def _verdict_rows(result: Result, subsets: Mapping[Subset, int]) -> Iterator[tuple[str, ...]]:
    """Yield how many samples got each verdict, their share, and how many of each difficulty and kind."""
    everything, *parts = subsets
    shares = {(Subset(share.difficulty, share.kind), share.verdict): share for share in result.verdict_shares}
    yield "verdict", "samples", "share", *(_name(subset) for subset in parts)
    for verdict, count in result.verdict_counts.items():
        share = shares.get((everything, verdict))
        counts = (shares[part, verdict].samples if (part, verdict) in shares else 0 for part in parts)
        known = verdict is not Verdict.SANDBOX_ERROR
        yield verdict, str(count), _percent(share) if share else "", *(str(count) if known else "" for count in counts)


def _prompt(result: Result) -> str:
    card = result.conditions.prompt_card
    return f"{card.name} ({card.sha256[:12]})" if card else "unknown"


def _extraction(result: Result, samples: int) -> str:
    counts = [(rule.split("+"), count) for rule, count in result.extraction_counts.items()]
    shares = {
        "without a program": sum(count for rules, count in counts if rules[-1] in {FAILED, IN_THOUGHT}),
        "cut off": result.cut_off,
        "cut off in thought": sum(count for rules, count in counts if rules[-1] == IN_THOUGHT),
        "in an unknown frame": sum(count for rules, count in counts if rules[0] == UNKNOWN),
    }
    shown = [
        f"{100 * count / samples:.2f} % {what}" for what, count in shares.items() if count or what in _ALWAYS_SHOWN
    ]
    return f"{result.conditions.extraction} ({', '.join(shown)})"


def repetition_warning(result: Result) -> str:
    """Return a warning where many samples that should differ are equal; empty where they do, or are greedy.

    Args:
        result: of one policy.

    Returns:
        One line where that is so in most of the problems, else nothing.
    """
    several = {score.k for score in result.scores} - {1}
    return equality_warning(result.repetition, result.conditions.sampling, several)


def equality_warning(found: Repetition, sampling: Sampling | None, several: Iterable[int] = ()) -> str:
    """Return the warning of `repetition_warning` for samples that may not be judged yet.

    Args:
        found: problems with equal samples only.
        sampling: with which they were generated, None where it is unknown.
        several: numbers of tries, more than one, for which pass@k is reported.

    Returns:
        One line, or nothing.
    """
    if 2 * found.equal <= found.problems or (sampling and not sampling.temperature):
        return ""
    temperature = f"temperature {sampling.temperature:g}" if sampling else "temperature unknown"
    estimates = ", ".join(f"pass@{k}" for k in sorted(several))
    return (
        f"All samples of a problem are equal, byte for byte, in {found.equal} of {found.problems} problems "
        f"with several ({temperature}): they say no more than one"
        f"{f', so {estimates} is not an estimate' if estimates else ''}; check how they were generated"
    )


def _generation(result: Result, samples: int) -> Iterator[str]:
    """Yield what is known of how the completions were generated."""
    sampling, producer = result.conditions.sampling, result.conditions.producer
    if sampling:
        yield sampling_text(sampling)
        yield f"seed {sampling.seed}"
    if producer:
        yield " ".join(filter(None, (producer.backend, producer.dtype)))
        if producer.repeatable != "yes":
            yield f"not repeatable ({producer.repeatable})"
        if left := producer.options.get("left_to_server"):
            yield f"left to the server's own settings: {left}"
    usage = result.usage
    if usage.tokens is not None:
        prompts = "" if usage.prompt_tokens is None else f" for {usage.prompt_tokens} of prompts"
        yield f"{usage.tokens} tokens{prompts}"
    if "unknown" not in usage.finish_counts:
        yield f"{100 * usage.finish_counts.get('length', 0) / samples:.2f} % ended by length"
    if too_long := usage.finish_counts.get("context"):
        yield f"{too_long} without an answer, their prompt being too long for the model"


def packages_text(counts: Mapping[str, int]) -> str:
    """Return how many samples each package was counted for, those of most samples first.

    Args:
        counts: of each package.

    Returns:
        Such as "pandas 12, sympy 3", of ten packages at most; empty where there is none.
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    more = [f"{len(ordered) - _SHOWN} more packages"] if len(ordered) > _SHOWN else []
    return ", ".join((*(f"{in_markdown(name)} {count}" for name, count in ordered[:_SHOWN]), *more))


def isolation_of(layers: Mapping[str, str]) -> str:
    """Return the isolation in one line, such as "landlock (ABI 7), seccomp; absent: pid (no such namespace)".

    Args:
        layers: state of each layer, "in force" with details or "absent: " with the reason.

    Returns:
        The layers in force, "NONE, every program was trusted" if there are none; then those that are absent.
    """
    states = {layer: state.partition("in force") for layer, state in layers.items()}
    in_force = [f"{layer}{detail}" for layer, (_, found, detail) in states.items() if found]
    absent = [f"{layer} ({state.removeprefix('absent: ')})" for layer, (state, found, _) in states.items() if not found]
    present = ", ".join(in_force) or "NONE, every program was trusted"
    return f"{present}; absent: {', '.join(absent)}" if absent else present


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a markdown table, its columns aligned up to a width.

    Args:
        rows: of equally many cells, their text escaped; the first holds the headings.

    Yields:
        Lines without line ends.
    """
    headings, *body = rows
    widths = [min(_WIDEST, max(map(len, column))) for column in zip(headings, *body, strict=True)]
    for row in (headings, ["-" * width for width in widths], *body):
        yield f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
