"""Attacks and unusual honest programs that users met get a right verdict; tests/bench/bench_field.py judges them all."""

import math

import pytest
from field_rows import DECIDED, FIELD, NEED_PROCESSES, field_rows

pytestmark = pytest.mark.slow

MOST_S = 10
"""Rows that may take longer, or that need another interpreter, load or memory of their own, are left to the bench."""
SLOW = {"sberr_bytes_multiply_fit", "sberr_member_odd"}


def is_quick(row):
    """Whether a row needs nothing but a judge, and no long time of it."""
    apart = row.alone or row.python or row.layers or row.completion or not row.expressible
    return not apart and row.name not in SLOW and (row.bounded_s <= MOST_S or row.bounded_s == math.inf)


ROWS = {row.name: row for row in field_rows() if is_quick(row)} if FIELD.exists() else {}


def test_the_rows_are_there():
    """Their data is not part of the project."""
    if not FIELD.exists():
        pytest.skip(f"{FIELD} is absent")
    assert len(ROWS) > 90


def check(judge, row):
    """The verdict is one of those that are right, and an honest program after it is accepted."""
    judgement = judge.judge(row.program, row.tests, row.limits)
    assert judgement.verdict in row.right, (judgement.verdict, judgement.detail)
    if row.honest:
        assert judge.judge(row.honest, row.tests, row.limits).verdict == "accepted"


NEED_NAMESPACES = {"probe_host_names"}
"""Without a mount namespace the interpreter lies where it lies: docs/promises.md says so."""


@pytest.mark.parametrize("name", sorted(ROWS.keys() - DECIDED.keys() - NEED_PROCESSES - NEED_NAMESPACES))
def test_row_of_the_field_gets_a_right_verdict(any_judge, name):
    """With namespaces and without."""
    check(any_judge, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS.keys() & (NEED_PROCESSES | NEED_NAMESPACES)))
def test_row_that_needs_namespaces_gets_a_right_verdict(judge, name):
    """Where a program may start processes, or the host's files can be hidden."""
    check(judge, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS.keys() & DECIDED.keys()))
def test_row_that_the_project_decides_otherwise_is_a_wrong_answer(any_judge, name):
    """docs/promises.md says why; if it were accepted, that page would be wrong."""
    row = ROWS[name]
    assert any_judge.judge(row.program, row.tests, row.limits).verdict == "wrong_answer"
