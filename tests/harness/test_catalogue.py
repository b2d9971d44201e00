"""Problems that are decoded when they are asked for."""

import pytest

from harness.benchmarks.benchmark import Catalogue, CatalogueEntry
from harness.errors import UserError


@pytest.fixture
def decoded():
    """Return the task ids that have been decoded, in order."""
    return []


@pytest.fixture
def open_tasks(make_problem, decoded):
    """Return a function that makes a catalogue of some task ids."""

    def load(entry):
        decoded.append(entry.task_id)
        return make_problem(entry.task_id)

    def open_tasks(*task_ids, flaws=(), faults=()):
        entries = (
            CatalogueEntry(f"f:{n}", task_id, dict(flaws).get(task_id, ""), fault=dict(faults).get(task_id, ""))
            for n, task_id in enumerate(task_ids, 1)
        )
        return Catalogue(entries, load)

    return open_tasks


def test_nothing_is_decoded_before_it_is_asked_for(open_tasks, decoded):
    """Length, order and membership come from the index."""
    catalogue = open_tasks("b", "a", "c")

    assert (len(catalogue), list(catalogue), "a" in catalogue, "d" in catalogue) == (3, ["b", "a", "c"], True, False)
    assert decoded == []


def test_the_last_few_are_kept(open_tasks, decoded):
    """Samples of one task get the very same tests; a fifth task in between drives the first out."""
    catalogue = open_tasks(*"abcde")

    assert catalogue["a"].tests is catalogue["a"].tests
    assert [catalogue[task_id].task_id for task_id in "abcde"] == list("abcde")
    assert decoded == list("abcde")
    assert catalogue["a"].task_id == "a"
    assert decoded == list("abcdea")


def test_values_are_the_problems_in_order(open_tasks):
    """As of every mapping."""
    assert [problem.task_id for problem in open_tasks("b", "a").values()] == ["b", "a"]


def test_an_unknown_task_is_a_key_error(open_tasks):
    """As of every mapping."""
    with pytest.raises(KeyError):
        open_tasks("a")["b"]


def test_what_cannot_be_examined_is_left_out(open_tasks):
    """It is not a problem, and the reason is given by its id, also to those who look it up."""
    catalogue = open_tasks("a", "b", flaws={"b": "has no tests"}.items())

    assert (list(catalogue), catalogue.left_out) == (["a"], {"b": "f:2: has no tests"})
    with pytest.raises(UserError, match="task 'b' is left out: f:2: has no tests"):
        catalogue["b"]


def test_a_malformed_problem_is_found_by_who_looks_it_up(open_tasks, decoded):
    """It is a problem, its reason is an error there, and the others are as they were."""
    catalogue = open_tasks("a", "b", "c", faults={"b": "f:2: is not JSON"}.items())

    with pytest.raises(UserError, match="f:2: is not JSON"):
        catalogue["b"]
    assert (list(catalogue), catalogue["c"].task_id, decoded) == (["a", "b", "c"], "c", ["c"])


@pytest.mark.parametrize("flaws", [{}, {"a": "has no tests"}])
def test_an_id_that_occurs_twice_is_malformed(open_tasks, flaws):
    """Which of the two is meant can't be known; the other problem can be judged."""
    catalogue = open_tasks(*"aba", flaws=flaws.items())

    assert (sorted(catalogue), catalogue["b"].task_id) == (["a", "b"], "b")
    with pytest.raises(UserError, match=r"f:3: task 'a' (is already at f:1|occurs twice); remove one of them"):
        catalogue["a"]


def test_what_is_nested_too_deep_is_malformed():
    """A parser that gives up is no end of the command."""

    def load(_):
        raise RecursionError

    with pytest.raises(UserError, match="f:1: task 'a' is nested too deep"):
        Catalogue([CatalogueEntry("f:1", "a")], load)["a"]


@pytest.mark.parametrize(
    ("task_ids", "flaws", "problem"),
    [
        ("aa", {}, "none of the 1 problems .* f:2: task 'a' is already at f:1; remove one of them"),
        ("", {}, "--data holds no problems"),
        (
            "ab",
            {"a": "has no tests", "b": "is odd"},
            "none of the 2 problems can be examined, the first is f:1: has no tests",
        ),
    ],
)
def test_a_useless_index_is_refused(open_tasks, task_ids, flaws, problem):
    """Nothing to examine."""
    with pytest.raises(UserError, match=problem):
        open_tasks(*task_ids, flaws=flaws.items())
