"""Lays groups out as rows of a batch: one row that holds each prompt once, or a padded row for each completion.

Both give the same log-probabilities and the same gradient, to rounding. Shapes: T tokens of the longest row, B rows, P
predictions: the tokens of all completions, ends included; S runs of queries, K keys of all runs. All is built in time
linear in T and K.
"""

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.dataset import Encoded


class QueryRun(NamedTuple):
    """Holds neighbouring tokens of a row that see the same prompt, and of themselves those up to each."""

    first: int
    """Place of the first one in the row."""
    tokens: int
    prompt: int
    """Place of the prompt's first token."""
    prompt_tokens: int
    """0 for a prompt, which sees itself only."""


class Spans(NamedTuple):
    """Holds the keys that each run of a row sees, for one call that attends to exactly these."""

    runs: tuple[QueryRun, ...]
    queries: Tensor
    """(S + 1), int32: where the queries of each run begin, and the end of the last."""
    keys: Tensor
    """(S + 1), int32: where the keys of each run begin among all K, and the end of the last."""
    gathered: Tensor
    """(K), int64: the places of the keys of all runs, a prompt's again before each of its completions."""
    longest_queries: int
    longest_keys: int


class Rows(NamedTuple):
    """Holds the inputs of the model, the places that predict and the tokens to predict.

    The end of a completion is predicted, but nothing is predicted from it: it is in no row.
    """

    input_ids: Tensor
    """(B, T), int64."""
    position_ids: Tensor
    """(B, T), int64, from 0."""
    attention_mask: Tensor
    """(B, T), bool: what is no padding. Of a packed row (1, 1, 1, 1): the library takes a mask of four dimensions for
    one that is made, makes none of its own, and passes it to attention, which takes the spans instead."""
    predictors: Tensor
    """(P), int64: the places among the B x T outputs that predict a token, completion by completion."""
    labels: Tensor
    """(P), int64: the tokens to be predicted."""
    spans: Spans | None
    """Of a packed row; None of padded ones."""

    def to(self, device: torch.device) -> "Rows":
        """Return the rows on another device.

        Args:
            device: Where to; tensors that are there already are not copied.

        Returns:
            The same values and shapes.
        """
        spans = self.spans
        if spans is not None:
            spans = spans._replace(
                queries=spans.queries.to(device), keys=spans.keys.to(device), gathered=spans.gathered.to(device)
            )
        return Rows(
            self.input_ids.to(device),
            self.position_ids.to(device),
            self.attention_mask.to(device),
            self.predictors.to(device),
            self.labels.to(device),
            spans,
        )


def packed(*groups: Encoded) -> Rows:
    """Return the groups as one sequence: each completion sees its prompt and itself only.

    Positions restart with each prompt, and with each completion after it, so every completion has the positions that it
    would have alone.

    Args:
        groups: At least one; a prompt of at least one token, and completions with their ends.

    Returns:
        B = 1 row; T is the tokens of all prompts and of all completions but their ends.
    """
    ids, positions, predictors = list[int](), list[int](), list[int]()
    runs = list[QueryRun]()
    for group in groups:
        prompt, count = len(ids), len(group.prompt)
        runs.append(QueryRun(prompt, count, prompt, 0))
        ids += group.prompt
        positions += range(count)
        for completion in group.completions:
            first, inputs = len(ids), completion[:-1]
            predictors.append(prompt + count - 1)
            predictors += range(first, first + len(inputs))
            if inputs:
                runs.append(QueryRun(first, len(inputs), prompt, count))
                ids += inputs
                positions += range(count, count + len(inputs))
    return Rows(
        input_ids=torch.tensor(ids)[None],
        position_ids=torch.tensor(positions)[None],
        attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool),
        predictors=torch.tensor(predictors),
        labels=_labels(groups),
        spans=_spans(runs),
    )


def _spans(runs: Sequence[QueryRun]) -> Spans:
    queries, keys = ([run.tokens for run in runs], [run.prompt_tokens + run.tokens for run in runs])
    places = (
        (range(one.prompt, one.prompt + one.prompt_tokens), range(one.first, one.first + one.tokens)) for one in runs
    )
    gathered = torch.cat([torch.arange(part.start, part.stop) for pair in places for part in pair])
    return Spans(
        runs=tuple(runs),
        queries=torch.tensor([0, *accumulate(queries)], dtype=torch.int32),
        keys=torch.tensor([0, *accumulate(keys)], dtype=torch.int32),
        gathered=gathered,
        longest_queries=max(queries),
        longest_keys=max(keys),
    )


def padded(*groups: Encoded) -> Rows:
    """Return a row for each completion, with its prompt before it and padding behind: the reference for `packed`.

    Args:
        groups: At least one; a prompt of at least one token, and completions with their ends.

    Returns:
        B = n rows, those of one group after those of the other; T is the tokens of the longest but its end.
    """
    rows = [(*group.prompt, *completion[:-1]) for group in groups for completion in group.completions]
    prompts = torch.tensor([len(group.prompt) for group in groups for _ in group.completions])[:, None]
    width = max(map(len, rows))
    real = torch.arange(width) < torch.tensor([len(row) for row in rows])[:, None]
    ids = torch.zeros(real.shape, dtype=torch.long)
    ids[real] = torch.tensor([*chain(*rows)])
    predicts = real & (torch.arange(width) >= prompts - 1)
    return Rows(
        input_ids=ids,
        position_ids=torch.arange(width).expand(len(rows), -1),
        attention_mask=real,
        predictors=predicts.flatten().nonzero()[:, 0],
        labels=_labels(groups),
        spans=None,
    )


def _labels(groups: Sequence[Encoded]) -> Tensor:
    return torch.tensor([*chain.from_iterable(chain.from_iterable(group.completions for group in groups))])
