"""Generates a batch with transformers: each prompt is computed once, each row has random numbers of its own.

What the prompts of a batch begin with in common, such as the examples of a few-shot card, is computed once for all.
B rows are generated from P prompts, L tokens long with their padding; V is the size of the vocabulary. Imported by the
backend when a model is loaded.
"""

import inspect
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile
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

_PAUSE = 8
"""Tokens between two looks for rows that have ended: each pause to hand them over costs some milliseconds."""
_WORTH = 32
"""Common tokens from which on prompts are computed in two steps."""


class GeneratedTokens(NamedTuple):
    """Holds the tokens of a row of a batch, with the one that ended it if one did."""

    place: int
    """Of the row in its batch."""
    tokens: tuple[int, ...]
    ended: bool
    log_prob: float
    """The sum over the tokens, by the model's own logits."""


class Likelihood(LogitsProcessor):
    """Adds up the log-probabilities of the tokens that are taken, by the logits before anything is done to them.

    It comes first among the processors, and is told each token when it has been taken.
    """

    def __init__(self, rows: int, device: torch.device) -> None:
        """Begin at 0 for each row."""
        self.sums = torch.zeros(rows, dtype=torch.float64, device=device)  # (B,)
        self._logits = torch.empty(0)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:  # noqa: ARG002
        """Keep the logits, (B, V), until a token of each row has been taken, and return them as they are."""
        self._logits = scores
        return scores

    def add(self, taken: torch.Tensor, going: torch.Tensor) -> None:
        """Add the tokens that were taken.

        Args:
            taken: (B, 1), the token of each row.
            going: (B), whether a row goes on.
        """
        found = self._logits.gather(1, taken)[:, 0] - self._logits.logsumexp(1)
        self.sums += torch.where(going, found, 0.0)


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
    """Notes the rows that have ended, and their lengths; tokens that `generate` adds to them later are dropped.

    It stops `generate` where rows have ended, so that they can be handed over, and the others go on afterwards.
    """

    def __init__(
        self,
        ends: Sequence[int],
        stop: StopStringCriteria | None,
        *,
        start: int,
        rows: int,
        pausing: bool,
        progress: "BatchProgress",
        likelihood: Likelihood,
        device: torch.device,
    ) -> None:
        """Watch what follows the first `start` tokens: a stop string may not begin in the prompt."""
        self._ends, self._stop, self._start = torch.tensor(ends, dtype=torch.int64, device=device), stop, start
        self._pausing, self._progress, self._likelihood = pausing, progress, likelihood
        self._seen = 0
        """Rows that had ended at the last pause."""
        self.ended = torch.zeros(rows, dtype=torch.bool, device=device)
        self.lengths = torch.zeros(rows, dtype=torch.int64, device=device)

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **_: Any) -> torch.BoolTensor:
        """Return which of the rows are not to go on now: those that have ended, or all of them for a pause."""
        generated = input_ids[:, self._start :]
        ending = torch.isin(generated[:, -1], self._ends)
        if self._stop:
            ending |= self._stop(generated, scores)
        self._likelihood.add(generated[:, -1:], ~self.ended)
        self.lengths += ~self.ended
        self.ended |= ending
        self._progress.tokens = generated.shape[1]
        pause = self._pausing and generated.shape[1] % _PAUSE == 0
        if pause and (ended := int(self.ended.sum())) > self._seen:
            self._seen = ended
            return torch.ones_like(self.ended)  # type: ignore[return-value]  # it is one
        return self.ended  # type: ignore[return-value]  # it is one


class BatchProgress:
    """Tells another thread the progress of a batch: tokens generated so far in each of its rows that haven't ended."""

    tokens = 0


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
    wanted: Collection[int],
    progress: BatchProgress,
) -> Iterator[GeneratedTokens]:
    """Generate the rows of a batch, which all have the same limit.

    A row's tokens are the same whichever rows are wanted; nothing is computed once the last of these has ended.

    Args:
        model: in eval mode, on its device.
        batch: B rows, with P different prompts.
        sampling: temperature and top_p; at temperature 0 the likeliest token.
        ends: ids of the tokens that end a row.
        stop: from `stop_criterion`; None where there are no stop strings.
        wanted: places of the rows that are to be yielded.
        progress: is kept up to date.

    Yields:
        The wanted rows, soon after each has ended, with its tokens after the prompt, whether it ended before the
        limit, and their log-probability.
    """
    prompts = {prompt: place for place, prompt in enumerate(dict.fromkeys(row.prompt for row in batch))}
    ids, mask, common = _padded(tuple(prompts), model)  # (P, L)
    of_rows = torch.tensor([prompts[row.prompt] for row in batch], device=model.device)  # (B,)
    limit, start = batch[0].limit, ids.shape[1]
    pausing = not stateful_layers(model)  # `generate` can't take up every state again
    likelihood = Likelihood(len(batch), model.device)
    until = Ends(
        ends, stop, start=start, rows=len(batch), pausing=pausing, progress=progress, likelihood=likelihood,
        device=model.device,
    )  # fmt: skip
    processors = LogitsProcessorList([likelihood, *_choosers(batch, sampling, start, model.device)])
    cache = _computed(model, ids, mask, of_rows, common)
    ids, mask, left = ids[of_rows], mask[of_rows], set(wanted)
    while left:
        made = model.generate(
            ids,
            attention_mask=mask,
            past_key_values=cache,
            max_new_tokens=start + limit - ids.shape[1],
            do_sample=False,
            logits_processor=processors,
            stopping_criteria=StoppingCriteriaList([until]),
            return_dict_in_generate=True,
        )
        ids, cache = made.sequences, made.past_key_values
        mask = torch.nn.functional.pad(mask, (0, ids.shape[1] - mask.shape[1]), value=1)
        ended, lengths, sums = until.ended.tolist(), until.lengths.tolist(), likelihood.sums.tolist()
        full = ids.shape[1] - start == limit
        for place in sorted(place for place in left if ended[place] or full):
            left.remove(place)
            tokens = tuple(ids[place, start : start + lengths[place]].tolist())
            yield GeneratedTokens(place, tokens, ended[place], sums[place])


def stop_criterion(tokenizer: PreTrainedTokenizerBase, stop: Sequence[str]) -> StopStringCriteria | None:
    """Return the criterion that notes the rows that have come to a stop string.

    Args:
        tokenizer: of the model.
        stop: the strings.

    Returns:
        None where there are none.
    """
    return StopStringCriteria(tokenizer, list(stop)) if stop else None


def _choosers(batch: Batch, sampling: Sampling, start: int, device: torch.device) -> list[LogitsProcessor]:
    """Return what picks the rows' tokens by their random numbers; nothing at temperature 0."""
    if sampling.temperature <= 0:
        return []
    seeds = [row.request.seed for row in batch]
    return [*_warpers(sampling), SeededChoice(seeds, start=start, limit=batch[0].limit, device=device)]


def _warpers(sampling: Sampling) -> list[LogitsProcessor]:
    warpers: list[LogitsProcessor] = [TemperatureLogitsWarper(float(sampling.temperature))]
    if sampling.top_p < 1:
        warpers.append(TopPLogitsWarper(sampling.top_p))
    return warpers


def _padded(prompts: Sequence[tuple[int, ...]], model: CausalModel) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Return the prompts' tokens, which of them are theirs, both (P, L), and how many all begin with.

    The padding is on the left, or behind what is common, which so lies in the same places of all.
    """
    longest, common = max(map(len, prompts)), _common(prompts) if _reads_positions(model) else 0
    ids = [[*prompt[:common], *[0] * (longest - len(prompt)), *prompt[common:]] for prompt in prompts]
    mask = [[1] * common + [0] * (longest - len(prompt)) + [1] * (len(prompt) - common) for prompt in prompts]
    return torch.tensor(ids, device=model.device), torch.tensor(mask, device=model.device), common


def _common(prompts: Sequence[tuple[int, ...]]) -> int:
    """Return how many tokens the prompts begin with in common, but for the last two of the shortest; 0 if few."""
    shortest, least, most = min(map(len, prompts)), min(prompts), max(prompts)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False)))
    common = min(alike, shortest - 2)
    return common if len(prompts) > 1 and common >= _WORTH else 0


def _reads_positions(model: CausalModel) -> bool:
    """Return whether padding between tokens is nothing to a model: it reads positions, and has no window or state."""
    config = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    windowed = kinds != {"full_attention"} or bool(getattr(config, "sliding_window", None))
    told = "position_ids" in inspect.signature(model.forward).parameters
    return told and not windowed and not stateful_layers(model)


def _computed(
    model: CausalModel, ids: torch.Tensor, mask: torch.Tensor, of_rows: torch.Tensor, common: int
) -> DynamicCache | None:
    """Compute each prompt once, its last token apart, and return the keys and values for the rows, if it has any.

    The `common` first tokens of all are computed once for all.
    """
    if ids.shape[1] == 1 or stateful_layers(model):  # not every state can be copied to other rows
        return None
    cache = None
    if common:
        cache = _extended(model, ids[:1, :common], mask[:1, :common], None)
        cache.batch_repeat_interleave(len(ids))
    cache = _extended(model, ids[:, :-1], mask[:, :-1], cache)
    cache.batch_select_indices(of_rows)
    return cache


def _extended(model: CausalModel, ids: torch.Tensor, mask: torch.Tensor, cache: DynamicCache | None) -> DynamicCache:
    """Return the keys and values of all tokens, given those of the first if there are any."""
    made = model.generate(
        ids, attention_mask=mask, past_key_values=cache, max_new_tokens=1, do_sample=False, return_dict_in_generate=True
    )
    extended: DynamicCache = made.past_key_values
    return extended
