"""A group as one sequence: what it looks like, what sees what, and that padded rows come to the same."""

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
    assert rows.attention_mask.int().tolist() == [[[
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 0, 0, 1],
    ]]]  # fmt: skip
    assert rows.predictors.tolist() == [1, 2, 3, 1, 4]
    assert rows.labels.tolist() == [3, 4, END, 5, END]


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


@pytest.mark.parametrize("changed", range(3))
def test_a_completion_is_blind_to_its_neighbours(model, changed):
    """Another completion in one place moves the log-probability of that one alone, and not by a bit the others."""
    completions = ((11, 12, 13, END), (14, 15, 16, END), (17, 18, 19, END))
    others = tuple((91, 92, 93, END) if place == changed else kept for place, kept in enumerate(completions))
    group, perturbed = Encoded((1, 2, 3), completions), Encoded((1, 2, 3), others)

    before, after = (log_probs(model, packed(one), one) for one in (group, perturbed))

    assert [place for place in range(3) if before[place] != after[place]] == [changed]
