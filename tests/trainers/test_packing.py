"""Groups as one sequence: what it looks like, what sees what, and that padded rows come to the same."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from trainers.dataset import Encoded
from trainers.objective import WeightedLikelihood, summed
from trainers.packing import packed, padded

pytestmark = pytest.mark.slow

END = 0
TOKENS = st.integers(1, 200)
COMPLETION = st.lists(TOKENS, max_size=9).map(lambda tokens: (*tokens, END))
GROUPS = st.builds(
    Encoded,
    prompt=st.lists(TOKENS, min_size=1, max_size=9).map(tuple),
    completions=st.lists(COMPLETION, min_size=1, max_size=5).map(tuple),
)


@pytest.fixture(scope="module")
def model(tiny_base):
    """Return the tiny model, in float64, so that two ways to compute differ by next to nothing."""
    return AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float64)


def log_probs(model, rows, group, chunk=1000):
    """Return log pi of each completion."""
    objective = WeightedLikelihood(model, chunk=chunk, dtype=torch.float32)
    return summed(objective.log_probs(rows), [len(completion) for completion in group.completions])


def test_a_packed_group_by_hand():
    """Two tokens of prompt, then the completions without their ends: positions restart, no completion sees another."""
    rows = packed(Encoded(prompt=(7, 8), completions=((3, 4, END), (5, END))))

    assert rows.input_ids.tolist() == [[7, 8, 3, 4, 5]]
    assert rows.position_ids.tolist() == [[0, 1, 2, 3, 2]]
    assert rows.attention_mask.shape == (1, 1, 1, 1)
    assert rows.predictors.tolist() == [1, 2, 3, 1, 4]
    assert rows.labels.tolist() == [3, 4, END, 5, END]


def test_the_spans_of_two_groups_by_hand():
    """A run of queries for each prompt and each completion; keys are those of its prompt, then its own."""
    rows = packed(Encoded((7, 8), ((3, 4, END), (END,))), Encoded((9,), ((5, END),)))
    spans = rows.spans

    assert rows.input_ids.tolist() == [[7, 8, 3, 4, 9, 5]]
    assert rows.position_ids.tolist() == [[0, 1, 2, 3, 0, 1]]
    assert rows.predictors.tolist() == [1, 2, 3, 1, 4, 5]
    assert rows.labels.tolist() == [3, 4, END, END, 5, END]
    assert spans.runs == ((0, 2, 0, 0), (2, 2, 0, 2), (4, 1, 4, 0), (5, 1, 4, 1))
    assert spans.queries.tolist() == [0, 2, 4, 5, 6]
    assert spans.keys.tolist() == [0, 2, 6, 7, 9]
    assert spans.gathered.tolist() == [0, 1, 0, 1, 2, 3, 4, 4, 5]
    assert (spans.longest_queries, spans.longest_keys) == (2, 4)


def test_rows_take_memory_and_not_that_of_a_square():
    """20,000 tokens would have a mask of 400 million; all tensors together have 17 numbers a token."""
    rows = packed(Encoded((1,) * 2000, ((1,) * 9001,) * 2))

    parts = (*rows[:2], *rows[3:5], rows.spans.queries, rows.spans.keys, rows.spans.gathered)
    assert rows.input_ids.shape == (1, 20_000)
    assert sum(part.numel() for part in parts) < 17 * 20_000


def test_padded_rows_by_hand():
    """The prompt precedes each completion; the first token is predicted by the prompt's last."""
    rows = padded(Encoded(prompt=(7, 8), completions=((3, 4, END), (5, END))))

    assert rows.input_ids.tolist() == [[7, 8, 3, 4], [7, 8, 5, 0]]
    assert rows.attention_mask.int().tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert rows.predictors.tolist() == [1, 2, 3, 5, 6]
    assert rows.labels.tolist() == [3, 4, END, 5, END]


@settings(deadline=None, max_examples=25)
@given(GROUPS)
def test_packed_and_padded_agree(model, group):
    """With any lengths, an empty completion among them."""
    assert torch.allclose(log_probs(model, packed(group), group), log_probs(model, padded(group), group), atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.lists(GROUPS, min_size=2, max_size=3))
def test_groups_in_one_row_are_as_each_alone(model, groups):
    """Nothing of one group is seen by another."""
    together = WeightedLikelihood(model, chunk=1000, dtype=torch.float32).log_probs(packed(*groups))
    alone = [WeightedLikelihood(model, chunk=1000, dtype=torch.float32).log_probs(packed(group)) for group in groups]

    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


@pytest.mark.parametrize("changed", range(3))
def test_a_completion_is_blind_to_its_neighbours(model, changed):
    """Another completion in one place moves the log-probability of that one alone, and not by a bit the others."""
    completions = ((11, 12, 13, END), (14, 15, 16, END), (17, 18, 19, END))
    others = tuple((91, 92, 93, END) if place == changed else kept for place, kept in enumerate(completions))
    group, perturbed = Encoded((1, 2, 3), completions), Encoded((1, 2, 3), others)

    before, after = (log_probs(model, packed(one), one) for one in (group, perturbed))

    assert [place for place in range(3) if before[place] != after[place]] == [changed]
