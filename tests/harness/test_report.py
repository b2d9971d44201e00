"""The tables that people read."""

import msgspec
import pytest
from usual_conditions import take_conditions

from harness.runs.conditions import sampling_text
from harness.runs.records import Producer, PromptCardId, Repetition, Result, Sampling, Score, Tally, Usage, VerdictShare
from harness.scoring.report import repetition_warning, report_markdown
from sandbox.records import Verdict


def score(difficulty, k, low, problems, kind="all"):
    """Return a score of 100 %."""
    return Score(difficulty=difficulty, kind=kind, k=k, value=1.0, low=low, high=1.0, problems=problems)


def share(difficulty, samples, kind="all"):
    """Return the share of accepted samples, 100 % of what was judged."""
    accepted = Verdict.ACCEPTED
    return VerdictShare(
        difficulty=difficulty, kind=kind, verdict=accepted, samples=samples, value=1.0, low=0.3424, high=1.0
    )


@pytest.fixture
def make_result():
    """Return a function that makes a result of two problems, one of which a sandbox error left out of pass@2."""

    def make(isolation=None, kinds=("call", "call"), **changes):
        isolation = isolation or {"landlock": "absent: no such system call", "seccomp": "in force (a filter)"}
        result = Result(
            policy="gpt",
            conditions=take_conditions(changes, splits=("test", "train"), extraction="first", isolation=isolation),
            usage=Usage(prompt_tokens=None, tokens=None, finish_counts={"unknown": 4}),
            verdict_counts=dict.fromkeys(Verdict, 0) | {Verdict.ACCEPTED: 3, Verdict.SANDBOX_ERROR: 1},
            extraction_counts={"fence": 3, "none": 1},
            cut_off=2,
            repetition=Repetition(problems=0, equal=0),
            scores=(
                score("all", 1, 0.3424, 2),
                score("easy", 1, 0.2065, 1),
                score("hard", 1, 0.2065, 1),
                score("all", 2, 0.2065, 1),
                score("easy", 2, 0.2065, 1),
                *(score("all", 1, 0.2065, 1, kind) for kind in set(kinds)),
            ),
            verdict_shares=(
                share("all", 3), share("easy", 2), share("hard", 1), *(share("all", 1, kind) for kind in set(kinds)),
            ),
            tallies=(
                Tally(task_id="a", difficulty="easy", kind=kinds[0], n=2, c=2),
                Tally(task_id="b", difficulty="hard", kind=kinds[1], n=1, c=1),
            ),
        )  # fmt: skip
        return msgspec.structs.replace(result, **changes)

    return make


def test_tables_of_two_difficulties(make_result):
    """Percent with intervals, verdicts, the protocol; a partial mean says over how many problems."""
    result = make_result()

    assert report_markdown([result]) == (
        """\
## gpt on toy

2 problems (test, train), 4 samples; percent with 95 % interval

| difficulty | problems | pass@1              | pass@2                            |
| ---------- | -------- | ------------------- | --------------------------------- |
| all        | 2        | 100.00 (34.2-100.0) | 100.00 (20.6-100.0) of 1 problems |
| easy       | 1        | 100.00 (20.6-100.0) | 100.00 (20.6-100.0)               |
| hard       | 1        | 100.00 (20.6-100.0) |                                   |

| verdict       | samples | share               | easy | hard |
| ------------- | ------- | ------------------- | ---- | ---- |
| accepted      | 3       | 100.00 (34.2-100.0) | 2    | 1    |
| wrong_answer  | 0       |                     | 0    | 0    |
| runtime_error | 0       |                     | 0    | 0    |
| output_limit  | 0       |                     | 0    | 0    |
| memory_limit  | 0       |                     | 0    | 0    |
| time_limit    | 0       |                     | 0    | 0    |
| compile_error | 0       |                     | 0    | 0    |
| sandbox_error | 1       |                     |      |      |

**1 of 4 samples were lost to faults of the sandbox and are not counted; more than 0.1 % are lost, so the numbers are \
not scores: judge the samples again**

Prompt: unknown; extraction: first (25.00 % without a program, 50.00 % cut off)

Python 3.11.7; isolation: seccomp (a filter); absent: landlock (no such system call)
"""
    )


def test_numbers_are_percent(make_result):
    """Of a share and of its interval; pass@10 stands right of pass@2, whatever their order in the file."""
    half = Score(difficulty="all", kind="all", k=10, value=0.5, low=0.25, high=0.875, problems=2)
    wrong = VerdictShare(
        difficulty="all", kind="all", verdict=Verdict.WRONG_ANSWER, samples=1, value=0.125, low=0.0625, high=0.25
    )

    told = report_markdown([make_result(scores=(half, score("all", 2, 0.5, 2)), verdict_shares=(wrong,))])

    assert "| difficulty | problems | pass@2              | pass@10           |" in told
    assert "| all        | 2        | 100.00 (50.0-100.0) | 50.00 (25.0-87.5) |" in told
    assert "| wrong_answer  | 0       | 12.50 (6.2-25.0) |" in told


def test_a_shard_is_told(make_result):
    """Its numbers are not those of the benchmark."""
    assert "2 problems (shard 3/16 of test, train), 4 samples" in report_markdown([make_result(shard="3/16")])


def test_several_kinds_have_rows_of_their_own(make_result):
    """Where all problems are of one kind, a row for it would say nothing new."""
    told = report_markdown([make_result(kinds=("call", "stdio"))])

    assert "| difficulty, kind | problems | pass@1 " in told
    rows = told.split("\n\n")[2].splitlines()[2:]
    assert [row.split()[1] for row in rows] == ["all", "easy", "hard", "call", "stdio"]
    assert "| stdio            | 1        | 100.00 (20.6-100.0) |" in told
    assert "| verdict       | samples | share               | easy | hard | call | stdio |" in told


def test_problems_with_dates_have_a_table_by_month(make_result):
    """The earliest first; one without a date is in none, and without dates there is no such table."""
    numbers = [("2024-09-30", 2, 1), ("2024-08-01", 2, 1), ("2024-08-31", 2, 2), ("", 2, 2)]
    tallies = tuple(
        Tally(task_id=str(number), difficulty="easy", kind="call", n=n, c=c, date=date)
        for number, (date, n, c) in enumerate(numbers)
    )

    dated, undated = report_markdown([make_result(tallies=tallies)]), report_markdown([make_result()])

    months = [
        [cell.strip().split(" ")[0] for cell in line.split("|")[1:-1]] for line in dated.splitlines() if "| 20" in line
    ]
    assert months == [["2024-08", "2", "75.00", "100.00"], ["2024-09", "1", "50.00", "100.00"]]
    assert "| published | problems | pass@1" in dated
    assert "published" not in undated


def test_the_protocol_is_told(make_result):
    """Prompt card with the start of its hash, problem set, file of limits."""
    card = PromptCardId(name="mbpp-paper", sha256="0123456789abcdef")
    told = report_markdown([make_result(prompt_card=card, problem_set="paper", limits_file="limits.json")])

    assert "2 problems (paper), 4 samples" in told
    assert "Prompt: mbpp-paper (0123456789ab); extraction: first" in told
    assert "Python 3.11.7; limits: limits.json; isolation: " in told


@pytest.fixture
def sampling():
    """Return how ten samples are drawn."""
    return Sampling(n=10, temperature=0.8, top_p=0.95, max_tokens=512, stop=("\n#",), seed=3)


@pytest.fixture
def producer():
    """Return a model that a server has."""
    return Producer(
        backend="openai", model="m", weights="m", dtype="", versions={}, options={}, repeatable="the server has a batch"
    )


def test_the_drawing_is_told(make_result, sampling, producer):
    """Sampling, backend, tokens, and how completions ended: two of four by length are 50 %."""
    usage = Usage(prompt_tokens=40, tokens=99, finish_counts={"context": 1, "length": 2, "stop": 1})
    told = report_markdown([make_result(sampling=sampling, producer=producer, usage=usage)])

    assert (
        'Generated: temperature 0.8, top_p 0.95, at most 512 tokens, stop ["\\n#"]; seed 3; openai; '
        "not repeatable (the server has a batch); 99 tokens for 40 of prompts; 50.00 % ended by length; "
        "1 without an answer, their prompt being too long for the model\n"
    ) in told


@pytest.mark.parametrize(
    ("problems", "equal", "temperature", "is_told"),
    [(2, 2, 0.8, True), (3, 2, 0.8, True), (2, 1, 0.8, False), (0, 0, 0.8, False), (2, 2, 0.0, False)],
)
def test_equal_samples_are_warned_of(make_result, problems, equal, temperature, is_told):
    """In most of the problems, where chance should have made them differ."""
    sampling = Sampling(n=2, temperature=temperature, top_p=1.0, max_tokens=9, stop=(), seed=0)
    result = make_result(sampling=sampling, repetition=Repetition(problems=problems, equal=equal))

    warning = repetition_warning(result)

    assert bool(warning) == is_told
    assert not warning or f"**{warning}**\n" in report_markdown([result])


def test_the_warning_of_equal_samples(make_result, sampling):
    """It names the share, the temperature, and what can't be estimated from them, if anything."""
    all_equal = make_result(repetition=Repetition(problems=3, equal=3))

    assert repetition_warning(msgspec.structs.replace(all_equal, scores=())) == (
        "All samples of a problem are equal, byte for byte, in 3 of 3 problems with several (temperature unknown): "
        "they say no more than one; check how they were generated"
    )
    assert "in 3 of 3 problems with several (temperature 0.8): they say no more than one, so pass@2 is not an est" in (
        repetition_warning(make_result(sampling=sampling, repetition=all_equal.repetition))
    )


def test_what_a_server_decided_is_told(make_result, producer):
    """Whoever reads the numbers knows that a top_k may have been applied."""
    asked = msgspec.structs.replace(producer, repeatable="yes", options={"left_to_server": "top_k, min_p"})

    assert "Generated: openai; left to the server's own settings: top_k, min_p\n" in report_markdown(
        [make_result(producer=asked)]
    )


def test_greedy_sampling_has_no_share_of_tokens(sampling):
    """What is not used is not told."""
    greedy = msgspec.structs.replace(sampling, n=1, temperature=0.0, stop=())

    assert sampling_text(greedy) == "greedy, at most 512 tokens"


def test_nothing_is_said_of_what_is_repeatable_or_whole(make_result, producer):
    """Nor of layers that are absent where none is."""
    repeatable = msgspec.structs.replace(producer, repeatable="yes")
    told = report_markdown([make_result(producer=repeatable, isolation={"seccomp": "in force"})])

    assert "Generated: openai\n" in told
    assert told.endswith("isolation: seccomp\n")


def test_shares_of_nothing_are_zero(make_result):
    """No completion was cut off, in none was no program."""
    usage = Usage(prompt_tokens=None, tokens=None, finish_counts={"stop": 4})
    told = report_markdown([make_result(usage=usage, extraction_counts={"fence": 4}, cut_off=0)])

    assert "extraction: first (0.00 % without a program, 0.00 % cut off)" in told
    assert "Generated: 0.00 % ended by length\n" in told


def test_no_isolation_is_stamped_on_the_table(make_result):
    """Whoever reads the table sees that nothing was held back."""
    assert "isolation: NONE, every program was trusted; absent: seccomp (not asked for)" in report_markdown(
        [make_result(isolation={"seccomp": "absent: not asked for"})]
    )


def test_no_results():
    """Nothing gives nothing."""
    assert report_markdown([]) == ""


def test_absent_packages_are_told_those_of_most_samples_first(make_result):
    """Ten of them, and how many more."""
    counts = {f"p{number}": 1 for number in range(10, 21)} | {"_x_": 2}

    told = report_markdown([make_result(absent_packages=counts)])

    assert "Failed for a package that the sandbox does not show, see --allow: \\_x\\_ 2, p10 1, " in told
    assert "p18 1, 2 more packages" in told
    assert "--allow" not in report_markdown([make_result()])


def test_allowed_packages_are_told(make_result):
    """With their versions, beside the interpreter's."""
    assert "; allowed: pandas 3.1.1; isolation: " in report_markdown([make_result(allow={"pandas": "3.1.1"})])


def test_the_heading_names_families_as_the_units_of_intervals(make_result):
    """Where problems share one; a family of one problem is none."""
    tallies = [Tally(task_id=name, difficulty="", kind="call", n=1, c=1, family="abc301") for name in "xyz"]
    alone = msgspec.structs.replace(tallies[0], task_id="w", family="abc302")

    assert "4 problems of 2 families (test, train), 4 samples" in report_markdown(
        [make_result(tallies=(*tallies, alone))]
    )
    assert "2 problems (test, train), 4 samples" in report_markdown([make_result(tallies=(tallies[0], alone))])
