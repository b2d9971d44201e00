"""Which requests a model computes together."""

from hypothesis import given
from hypothesis import strategies as st

from harness.generation.backend import Request
from harness.generation.backends.common import batches
from harness.generation.tokens import PromptedRow


def rows_of(*prompts):
    """Return rows for (tokens, limit, samples) of each task."""
    return [
        PromptedRow(Request(task_id=str(task), index=index, prompt="p", seed=0), (task,) * tokens, limit)
        for task, (tokens, limit, n) in enumerate(prompts)
        for index in range(n)
    ]


def shape(found):
    """Return the tasks of each batch."""
    return ["".join(row.request.task_id for row in batch) for batch in found]


PROMPTS = st.lists(st.tuples(st.integers(1, 5), st.sampled_from([8, 16]), st.integers(1, 6)), max_size=8)


@given(PROMPTS, st.integers(1, 7))
def test_every_row_is_in_one_batch(prompts, size):
    """None is empty or too large, and its rows share their limit."""
    rows = rows_of(*prompts)

    found = list(batches(rows, size))

    assert sorted(row.request.key for batch in found for row in batch) == sorted(row.request.key for row in rows)
    assert all(0 < len(batch) <= size and len({row.limit for row in batch}) == 1 for batch in found)


def test_longest_prompts_come_first():
    """Whose memory is most, and whose neighbours are of similar length."""
    assert shape(batches(rows_of((2, 9, 1), (7, 9, 1), (3, 9, 1), (7, 9, 1)), 2)) == ["13", "20"]


def test_the_samples_of_a_prompt_stay_together_where_they_fit():
    """Three and three don't go into five: its prompt would be computed twice."""
    assert shape(batches(rows_of((7, 9, 3), (6, 9, 3), (5, 9, 2)), 5)) == ["000", "11122"]


def test_the_samples_of_a_prompt_are_parted_where_they_do_not_fit():
    """Seven go into two batches of five."""
    assert shape(batches(rows_of((7, 9, 7), (6, 9, 3)), 5)) == ["00000", "00111"]


def test_rows_with_other_limits_are_apart():
    """A prompt that almost fills the context may draw less."""
    assert shape(batches(rows_of((7, 3, 1), (6, 9, 1), (5, 9, 1)), 5)) == ["0", "12"]
