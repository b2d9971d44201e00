"""Lays a group out as rows of a batch: one sequence with the prompt once, or a padded row for each completion.

Both give the same log-probabilities and the same gradient, to rounding. Shapes: n completions, T tokens of the longest
row, B rows, P predictions: the tokens of all completions, ends included.
"""

from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.dataset import Encoded


class Rows(NamedTuple):
    """Holds the inputs of the model, the places that predict and the tokens to predict.

    The end of a completion is predicted, but nothing is predicted from it: it is in no row.
    """

    input_ids: Tensor
    """(B, T), int64."""
    position_ids: Tensor
    """(B, T), int64, from 0."""
    attention_mask: Tensor
    """Tokens that are seen, bool: (1, 1, T, T) of a packed group, queries before keys; (B, T) of padded rows."""
    predictors: Tensor
    """(P), int64: the places among the B x T outputs that predict a token, completion by completion."""
    labels: Tensor
    """(P), int64: the tokens to be predicted."""

    def to(self, device: torch.device) -> "Rows":
        """Return the rows on another device.

        Args:
            device: Where to; tensors that are there already are not copied.

        Returns:
            The same values and shapes.
        """
        return Rows(*(part.to(device) for part in self))


def packed(group: Encoded) -> Rows:
    """Return the group as one sequence: each completion sees the prompt and itself only.

    Positions restart after the prompt, so every completion has the positions that it would have alone.

    Args:
        group: A prompt of at least one token, and completions with their ends.

    Returns:
        B = 1 row; T is the prompt's tokens and those of all completions but their ends.
    """
    start = len(group.prompt)
    inputs = tuple(completion[:-1] for completion in group.completions)
    lengths = torch.tensor([start, *map(len, inputs)])
    owner = torch.repeat_interleave(torch.arange(len(lengths)), lengths)  # (T): 0 the prompt, i the i-th completion
    causal = torch.ones(len(owner), len(owner), dtype=torch.bool).tril()
    visible = causal & ((owner == 0) | (owner == owner[:, None]))
    places = torch.split(torch.arange(len(owner)), lengths.tolist())
    last = places[0][-1:]
    return Rows(
        input_ids=torch.tensor([*group.prompt, *chain(*inputs)])[None],
        position_ids=torch.cat([torch.arange(start), *(torch.arange(start, start + len(c)) for c in inputs)])[None],
        attention_mask=visible[None, None],
        predictors=torch.cat([torch.cat((last, own)) for own in places[1:]]),
        labels=_labels(group),
    )


def padded(group: Encoded) -> Rows:
    """Return a row for each completion, with the prompt before it and padding behind: the reference for `packed`.

    Args:
        group: A prompt of at least one token, and completions with their ends.

    Returns:
        B = n rows; T is the prompt's tokens and those of the longest completion but its end.
    """
    rows = [(*group.prompt, *completion[:-1]) for completion in group.completions]
    width = max(map(len, rows))
    real = torch.arange(width) < torch.tensor([len(row) for row in rows])[:, None]
    ids = torch.zeros(real.shape, dtype=torch.long)
    ids[real] = torch.tensor([*chain(*rows)])
    predicts = real & (torch.arange(width) >= len(group.prompt) - 1)
    return Rows(
        input_ids=ids,
        position_ids=torch.arange(width).expand(len(rows), -1),
        attention_mask=real,
        predictors=predicts.flatten().nonzero()[:, 0],
        labels=_labels(group),
    )


def _labels(group: Encoded) -> Tensor:
    return torch.tensor([*chain(*group.completions)])
