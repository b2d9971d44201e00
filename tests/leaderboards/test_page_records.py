"""What the page is told: records of any problem and sample are readable and bounded; changes are of methods."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from usual_conditions import conditions

from harness.runs.records import Evaluation, Problem, Sample
from leaderboards.page import shown
from leaderboards.page.data import write_sets
from leaderboards.page.shown import shown_problem, shown_sample
from leaderboards.page.summary import changes_from_base, summary_facts
from leaderboards.table import TableEntry
from sandbox import records
from sandbox.records import AssertTest, CallTest, StdioTest, ValueTest, Verdict

TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["\x1b[2J", "\ud800", "\u202e", "</script>", "\u2028", "x" * 9000]
)
VALUES = st.none() | st.integers() | TEXTS | st.just(10**5000)
TESTS = (
    st.builds(StdioTest, stdin=TEXTS, expected_stdout=TEXTS)
    | st.builds(AssertTest, code=TEXTS, names=st.just(("f",)))
    | st.builds(CallTest, function=st.just("f"), arguments=st.tuples(VALUES), expected=VALUES)
    | st.builds(ValueTest, function=st.just("f"), arguments=st.tuples(VALUES))
)
MOST = 2 * shown.TEST_CHARS * len("\\U0010ffff")
"""Characters of a test as it is shown, each of them escaped."""


def texts_of(value):
    """Yield all texts of a decoded record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, dict):
        yield from texts_of(list(value.values()))


def is_readable(text):
    """Return whether a text can be encoded, and has no sign that moves a cursor or turns the direction of writing."""
    return text.replace("\n", "").replace("\t", "").isprintable()


@given(st.lists(TESTS, min_size=1, max_size=8), TEXTS, st.sets(st.integers(-2, 12), max_size=5))
def test_any_problem_is_shown_readably_and_in_bounds(tests, statement, failed):
    """Its first tests and those that failed, each once and in order; numbers that no test has are ignored."""
    problem = Problem(
        task_id=statement, benchmark="b", split="test", statement=statement, tests=tuple(tests), starter_code=statement
    )

    record = msgspec.json.decode(msgspec.json.encode(shown_problem(statement, problem, failed, "")))

    assert all(map(is_readable, texts_of(record)))
    assert all(len(test["input"]) + len(test["expected"]) <= MOST for test in record["tests"])
    numbers = [test["number"] for test in record["tests"]]
    assert numbers == sorted({*range(1, min(3, len(tests)) + 1), *(n for n in failed if 1 <= n <= len(tests))})


@given(TEXTS, TEXTS, st.sampled_from(Verdict))
def test_any_sample_is_shown_readably(completion, output, verdict):
    """Whatever the program, its output and its detail hold; where it is not the program that ran, this is said."""
    sample = Sample(policy=completion, task_id=completion, index=0, completion=completion)
    outcome = records.TestOutcome(
        verdict=verdict, cpu_s=0, wall_s=0, peak_memory_bytes=0, detail=output, expected=output, actual=completion
    )
    evaluation = Evaluation(
        policy=completion, task_id=completion, index=0, difficulty="", completion_sha256="", program_sha256="another",
        extraction="whole", discarded_chars=0, complete=True, verdict=verdict, per_test=(outcome,), cpu_s=0,
        detail=output,
    )  # fmt: skip

    record = msgspec.json.decode(msgspec.json.encode(shown_sample(sample, evaluation, None, conditions())))

    assert all(map(is_readable, texts_of(record)))
    assert (record["whole"], record["failed"]) == (False, 0 if verdict is Verdict.ACCEPTED else 1)


def test_a_very_long_text_is_cut_and_its_length_given():
    """A statement of a million characters takes as much room as one of twenty thousand."""
    problem = Problem(
        task_id="1",
        benchmark="b",
        split="test",
        statement="s" * 10**6,
        tests=(StdioTest(stdin="", expected_stdout=""),),
    )

    record = shown_problem("1", problem, (), "")

    assert record.statement == "s" * shown.STATEMENT_CHARS + "... (1000000 characters)"


def entries_of(make_result, **counts):
    """Return entries of methods, each with a seed for every tuple of (n, c) pairs."""
    return {
        f"{method}, seed {seed}": TableEntry(
            method=method,
            model="",
            result=make_result(dict(zip("1234", of_seed, strict=False)), policy=method),
            run=Path(f"none/{method}{seed}"),
        )
        for method, seeds in counts.items()
        for seed, of_seed in enumerate(seeds, 1)
    }


def test_a_method_has_one_row_with_all_its_seeds(make_result, tmp_path):
    """By hand: 1/4 and 2/4 for the base's two seeds, 3/4 and 4/4 for the other's: half of the samples more."""
    solved, not_solved = (1, 1), (1, 0)
    entries = entries_of(
        make_result,
        base=[(solved, *[not_solved] * 3), (solved, solved, not_solved, not_solved)],
        sft=[(solved, solved, solved, not_solved), (solved,) * 4],
    )

    (changes,) = changes_from_base(write_sets(tmp_path, entries, ""), entries)

    (row,) = changes.rows
    assert (changes.base, row.title, changes.columns) == ("base", "sft", ("pass@1 all",))
    assert row.changes[0].difference == pytest.approx(0.5)
    assert row.counts == (None, None, None)


def test_p_values_are_adjusted_for_all_rows(make_result, tmp_path):
    """The same change, alone and beside another method: its p-value doubles."""
    many = {
        "base": [[(1, 0)] * 4],
        "sft": [[(1, 1)] * 4],
    }
    alone, beside = (
        changes_from_base(write_sets(tmp_path, entries, ""), entries)[0].rows[0].changes[0].p
        for entries in (entries_of(make_result, **many), entries_of(make_result, **many, rloo=many["sft"]))
    )

    assert beside == pytest.approx(2 * alone)


def test_the_summary_names_each_thing_once(make_result):
    """Two seeds of a method are two runs, and have one protocol."""
    entries = entries_of(make_result, base=[[(1, 0)], [(1, 1)]])

    facts = dict(summary_facts(entries))

    assert facts["Runs"] == ("base, seed 1 (base1)", "base, seed 2 (base2)")
    assert len(facts["Protocol"]) == 1
    assert facts["Models"] == ("base",)
    assert "Date" not in facts
