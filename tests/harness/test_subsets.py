"""Problems by difficulty and kind of test."""

from harness.runs.records import Tally
from harness.scoring.score import by_subset


def tally(task_id, difficulty, kind):
    """Return a tally of one sample."""
    return Tally(task_id=task_id, difficulty=difficulty, kind=kind, n=1, c=1)


def test_every_problem_is_in_four_subsets():
    """All, its difficulty, its kind, and the pair; wide ones come first, each in the order of the problems."""
    hard, easy, easy_call = tally("a", "hard", "stdio"), tally("b", "easy", "stdio"), tally("c", "easy", "call")

    subsets = by_subset([hard, easy, easy_call])

    assert list(subsets.items()) == [
        (("all", "all"), (hard, easy, easy_call)),
        (("hard", "all"), (hard,)),
        (("easy", "all"), (easy, easy_call)),
        (("all", "stdio"), (hard, easy)),
        (("all", "call"), (easy_call,)),
        (("hard", "stdio"), (hard,)),
        (("easy", "stdio"), (easy,)),
        (("easy", "call"), (easy_call,)),
    ]


def test_problems_without_difficulty_have_no_nameless_subset():
    """A benchmark that has no difficulties is divided by kind only."""
    assert list(by_subset([tally("a", "", "assert")])) == [("all", "all"), ("all", "assert")]
