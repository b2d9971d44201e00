"""Overlap with a benchmark: containment of n-grams, by hand."""

import pickle

import pytest

from harness.runs.records import Problem
from sandbox.records import AssertTest
from trainers.compile.decontamination import Match, contamination

STATEMENT = "Write a function to find the shared elements from the given two lists of numbers."  # 15 words
REFERENCE = "def shared(first, second):\n    return tuple(set(first) & set(second))\n"  # 21 tokens


@pytest.fixture
def look():
    """Return a function that looks for one task in a statement or a program."""

    def look_for(statement=STATEMENT, reference=REFERENCE, threshold=0.5):
        problem = Problem(
            task_id="2", benchmark="toy", split="test", statement=statement, reference=reference,
            tests=(AssertTest(code="assert True"),),
        )  # fmt: skip
        return contamination({"toy": (problem,)}, threshold)

    return look_for


def test_a_statement_is_found_wherever_it_stands(look):
    """Case, signs and layout don't matter."""
    text = f"Intro.\n\n{STATEMENT.upper().replace(' ', chr(10))} Thanks!"

    assert look().in_statement("p00001", text) == (Match(what="p00001", benchmark="toy", task_id="2", overlap=1.0),)


def test_a_part_of_a_statement_counts_as_its_share(look):
    """Of 15 words there are 3 13-grams; the first 14 words hold 2 of them."""
    text = " ".join(STATEMENT.split()[:14])

    assert [match.overlap for match in look().in_statement("p00001", text)] == [0.6667]
    assert look(threshold=0.7).in_statement("p00001", text) == ()
    assert look().in_statement("p00001", " ".join(STATEMENT.split()[:12])) == ()


def test_short_statements_are_one_gram(look):
    """Nine words are found as a whole only, and five are never looked for."""
    nine = "Write a function that returns the sum of squares."

    assert len(look(nine).in_statement("p00001", f"Task: {nine}")) == 1
    assert look(nine).in_statement("p00001", nine.replace("squares", "cubes")) == ()
    assert look("Return the sum of squares.").in_statement("p00001", "Return the sum of squares.") == ()


def test_code_is_found_without_its_comments(look):
    """A reference inside a longer program; other names are another program."""
    commented = REFERENCE.replace("    return", "    # the trick\n    return")
    program = f"import sys\n{commented}print(shared([1], [1]))\n"

    assert [match.overlap for match in look().in_code("s000000001", program)] == [1.0]
    assert look().in_code("s000000001", program.replace("second", "other")) == ()


def test_it_goes_to_other_processes(look):
    """What was pickled finds the same: nothing depends on a process's own hashes."""
    sent = pickle.loads(pickle.dumps(look()))  # noqa: S301 - our own bytes

    assert sent.in_code("s000000001", REFERENCE) == look().in_code("s000000001", REFERENCE)
    assert len(sent.in_statement("p00001", STATEMENT)) == 1


def test_nothing_is_found_in_nothing(look):
    """Empty texts, and a task without reference."""
    assert look().in_statement("p00001", "") == ()
    assert look(reference="").in_code("s000000001", "") == ()
