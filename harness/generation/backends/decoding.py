"""Generates a batch with transformers: each prompt is computed once, each row has random numbers of its own.

B rows are generated from P prompts, L tokens long with their padding; V is the size of the vocabulary. Imported by the
backend when a model is loaded.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from transformers import (
    DynamicCache,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedTokenizerBase,
    StoppingCriteria,
    StoppingCriteriaList,
    StopStringCriteria,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from harness.generation.backends.common import Batch
from harness.generation.loading import CausalModel, stateful_layers
from harness.runs.records import Sampling


class GeneratedTokens(NamedTuple):
    """Holds the tokens of a row, with the one that ended it if one did."""

    tokens: tuple[int, ...]
    ended: bool


class SeededChoice(LogitsProcessor):
    """Leaves each row one token, the one that its own random number picks.

    The tokens' probabilities, laid end to end in the order of the vocabulary, fill the stretch from 0 to 1, which holds
    the number (inversion of the cumulative distribution). A row has one number for each token, from its seed
    alone, so that the other rows of its batch don't matter. In double precision, so that sums taken in another order
    fall on another token as good as never.
    """

    def __init__(self, seeds: Sequence[int], *, start: int, limit: int, device: torch.device) -> None:
        """Prepare for `limit` tokens that follow the first `start`."""
        numbers = np.stack([np.random.Generator(np.random.Philox(seed)).random(limit) for seed in seeds])
        self._numbers = torch.from_numpy(numbers).to(device)  # (B, limit)
        self._start = start

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Return scores of minus infinity, but 0 for the picked tokens; `scores` are (B, V) and already warped."""
        cumulative = scores.softmax(-1, dtype=torch.float64).cumsum(-1)  # (B, V)
        number = self._numbers[:, input_ids.shape[1] - self._start, None]  # (B, 1)
        picked = torch.searchsorted(cumulative, number * cumulative[:, -1:], right=True)
        return torch.full_like(scores, -torch.inf).scatter_(1, picked, 0.0)  # type: ignore[return-value]  # it is one


class Ends(StoppingCriteria):
    """Notes the rows that have ended, and their lengths; tokens that `generate` adds to them later are dropped."""

    def __init__(
        self, ends: Sequence[int], stop: StopStringCriteria | None, *, start: int, rows: int, device: torch.device
    ) -> None:
        """Watch what follows the first `start` tokens: a stop string may not begin in the prompt."""
        self._ends, self._stop, self._start = torch.tensor(ends, dtype=torch.int64, device=device), stop, start
        self.ended = torch.zeros(rows, dtype=torch.bool, device=device)
        self.lengths = torch.zeros(rows, dtype=torch.int64, device=device)

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **_: Any) -> torch.BoolTensor:
        """Return which of the rows have ended."""
        generated = input_ids[:, self._start :]
        ending = torch.isin(generated[:, -1], self._ends)
        if self._stop:
            ending |= self._stop(generated, scores)
        self.lengths += ~self.ended
        self.ended |= ending
        return self.ended  # type: ignore[return-value]  # it is one


def quiet(model: CausalModel) -> None:
    """Remove a model's own settings of sampling.

    Many models come with a temperature, a top-k or a repetition penalty, which `generate` would apply.

    Args:
        model: whose generation config is replaced by the library's default.
    """
    model.generation_config = GenerationConfig()  # type: ignore[no-untyped-call]


@torch.inference_mode()
def generate_batch(
    model: CausalModel,
    batch: Batch,
    sampling: Sampling,
    *,
    ends: Sequence[int],
    stop: StopStringCriteria | None,
) -> list[GeneratedTokens]:
    """Generate the rows of a batch, which all have the same limit.

    Args:
        model: in eval mode, on its device.
        batch: B rows, with P different prompts.
        sampling: temperature and top_p; at temperature 0 the likeliest token.
        ends: ids of the tokens that end a row.
        stop: from `stop_criterion`; None where there are no stop strings.

    Returns:
        B rows, in the order of the batch, each with its tokens after the prompt and whether it ended before the limit.
    """
    prompts = {prompt: place for place, prompt in enumerate(dict.fromkeys(row.prompt for row in batch))}
    ids, mask = _left_padded(tuple(prompts), model.device)  # (P, L)
    of_rows = torch.tensor([prompts[row.prompt] for row in batch], device=model.device)  # (B,)
    limit, start = batch[0].limit, ids.shape[1]
    until = Ends(ends, stop, start=start, rows=len(batch), device=model.device)
    processors = LogitsProcessorList()
    if sampling.temperature > 0:
        seeds = [row.request.seed for row in batch]
        processors.extend(_warpers(sampling))
        processors.append(SeededChoice(seeds, start=start, limit=limit, device=model.device))
    ids_of_all = model.generate(
        ids[of_rows],
        attention_mask=mask[of_rows],
        past_key_values=_computed(model, ids, mask, of_rows),
        max_new_tokens=limit,
        do_sample=False,
        logits_processor=processors,
        stopping_criteria=StoppingCriteriaList([until]),
    )
    return [
        GeneratedTokens(tuple(generated[:length]), ended)
        for generated, length, ended in zip(
            ids_of_all[:, start:].tolist(), until.lengths.tolist(), until.ended.tolist(), strict=True
        )
    ]


def stop_criterion(tokenizer: PreTrainedTokenizerBase, stop: Sequence[str]) -> StopStringCriteria | None:
    """Return the criterion that notes the rows that have come to a stop string.

    Args:
        tokenizer: of the model.
        stop: the strings.

    Returns:
        None where there are none.
    """
    return StopStringCriteria(tokenizer, list(stop)) if stop else None


def _warpers(sampling: Sampling) -> list[LogitsProcessor]:
    warpers: list[LogitsProcessor] = [TemperatureLogitsWarper(float(sampling.temperature))]
    if sampling.top_p < 1:
        warpers.append(TopPLogitsWarper(sampling.top_p))
    return warpers


def _left_padded(prompts: Sequence[tuple[int, ...]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the prompts' tokens and which of them are theirs, both (P, L)."""
    longest = max(map(len, prompts))
    ids = [[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def _computed(model: CausalModel, ids: torch.Tensor, mask: torch.Tensor, of_rows: torch.Tensor) -> DynamicCache | None:
    """Compute each prompt once, its last token apart, and return the keys and values for the rows, if it has any."""
    if ids.shape[1] == 1 or stateful_layers(model):  # not every state can be copied to other rows
        return None
    cache: DynamicCache = model.generate(
        ids[:, :-1], attention_mask=mask[:, :-1], max_new_tokens=1, do_sample=False, return_dict_in_generate=True
    ).past_key_values
    cache.batch_select_indices(of_rows)
    return cache
