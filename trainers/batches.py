"""Prepares the steps of a training on the CPU, one ahead of the one that is computed.

A part of a step is what one backward pass takes: its rows, weights, and what its metrics are made of. On a GPU its
tensors lie in one piece of pinned memory, so that one copy takes them there, for which nothing waits. Shapes: P
predicted tokens.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from trainers.config import TrainingOptions
from trainers.dataset import Encoded, Weighted, batch
from trainers.fitting import Fitter, split_evenly
from trainers.groups import Group
from trainers.importance import Sampled, sampled_by_policies
from trainers.likelihood_loss import GroupTerms
from trainers.objective import token_weights
from trainers.packing import Rows, packed, padded
from trainers.reference import StoredReference
from trainers.trainer import TrainingMethod

_ALIGNED = 16
"""Bytes: where a tensor of any type may begin."""


class ProcessPlace(NamedTuple):
    """Tells the number of this process, that of all processes, and its device."""

    process: int
    processes: int
    device: torch.device


class StepPart(NamedTuple):
    """Holds the input of one backward pass."""

    rows: Rows
    weights: Tensor | tuple[GroupTerms, ...]
    """(P), float32: of each token's log-probability in the loss of the step; or the terms of a loss of another kind."""
    kinds: Tensor
    """(2, P), float64: 1 for tokens of accepted completions, and for those of the others."""
    counts: Tensor
    """(3), float64: accepted completions, others, and tokens with each prompt once."""
    sampled: Sampled | None = None
    """Of its completions, where importance weights are wanted and some are a policy's own."""


class Parcel:
    """Holds the tensors of a tree in one piece of memory."""

    def __init__(self, tree: Any, *, pinned: bool) -> None:
        """Copy the tensors.

        Args:
            tree: Tuples of tensors and anything else.
            pinned: Whether the memory stays where it is, so that a GPU can fetch it by itself.
        """
        self._leaves, self._shape = tree_flatten(tree)
        sizes = [-(-leaf.nbytes // _ALIGNED) * _ALIGNED if isinstance(leaf, Tensor) else 0 for leaf in self._leaves]
        self._begins = [0, *accumulate(sizes)]
        self._memory = torch.empty(self._begins[-1], dtype=torch.uint8, pin_memory=pinned)
        for leaf, place in zip(self._leaves, self._views(self._memory), strict=True):
            if isinstance(leaf, Tensor):
                place.copy_(leaf)

    def opened(self, device: torch.device) -> Any:
        """Return the tree with its tensors on a device, by one copy for which nothing waits.

        Args:
            device: Where to.

        Returns:
            The same values and shapes.
        """
        return tree_unflatten(self._views(self._memory.to(device, non_blocking=True)), self._shape)

    def _views(self, memory: Tensor) -> list[Any]:
        return [
            memory[begin : begin + leaf.nbytes].view(leaf.dtype).view(leaf.shape) if isinstance(leaf, Tensor) else leaf
            for leaf, begin in zip(self._leaves, self._begins[:-1], strict=True)
        ]


Chosen = tuple[Weighted, Encoded]
"""A group, as texts with weights and as tokens."""


class Weigher(NamedTuple):
    """Turns the weights of groups into the input of a method's objective."""

    method: TrainingMethod
    options: TrainingOptions
    reference: StoredReference | None = None
    """None for a method without one."""

    def weighed(self, chosen: Sequence[Chosen], share: float, tokens: float) -> Tensor | tuple[GroupTerms, ...]:
        """Return the weights of all tokens, or what the loss of each group takes.

        Args:
            chosen: The groups of one backward pass.
            share: Of each group in the loss of the step.
            tokens: Mean over all groups of the step, for a method that divides by them.

        Returns:
            (P), float32, for a method that is linear in log-probabilities; else the terms of each group.
        """
        if self.method.loss:
            return tuple(
                GroupTerms(
                    torch.tensor(weighted.weights),
                    self.reference.of(weighted.place) if self.reference else None,
                    tuple(map(len, encoded.completions)),
                    share,
                )
                for weighted, encoded in chosen
            )
        return torch.cat([share * self._of_tokens(weighted, encoded, tokens) for weighted, encoded in chosen])

    def _of_tokens(self, weighted: Weighted, encoded: Encoded, tokens: float) -> Tensor:
        weights, divide = weighted.weights, self.method.divide
        return token_weights(
            torch.tensor(weights),
            torch.tensor([len(completion) for completion in encoded.completions]),
            token_mean=self.options.token_mean,
            divisor=divide(len(weights), tokens, self.options) if divide else None,
        )


def part_of(
    chosen: Sequence[Chosen], weights: Tensor | tuple[GroupTerms, ...], *, packing: bool, ratios: bool = False
) -> StepPart:
    """Return what one backward pass takes.

    Args:
        chosen: The groups.
        weights: As of `Weigher`.
        packing: Whether they make one row, or padded ones.
        ratios: Whether completions of policies are weighed by their importance.

    Returns:
        The part, on the CPU.
    """
    accepted = [reward > 0 for weighted, _ in chosen for reward in weighted.group.rewards]
    tokens = [len(completion) for _, encoded in chosen for completion in encoded.completions]
    signs = torch.tensor(accepted).repeat_interleave(torch.tensor(tokens))
    sampled = sampled_by_policies([one.group for one, _ in chosen], torch.tensor(tokens)) if ratios else None
    prompts = sum(len(encoded.prompt) for _, encoded in chosen)
    return StepPart(
        rows=(packed if packing else padded)(*(encoded for _, encoded in chosen)),
        weights=weights,
        kinds=torch.stack((signs, ~signs)).double(),
        counts=torch.tensor([sum(accepted), len(accepted) - sum(accepted), prompts + sum(tokens)]).double(),
        sampled=sampled,
    )


class TrainingStep(NamedTuple):
    """Holds the parts of a step, one after the other, as this process takes them."""

    parts: tuple[StepPart | Parcel, ...]
    recompute: bool
    """Whether the backward pass computes the blocks again."""


class StepMaker:
    """Makes the steps of a training: texts of groups in, tensors out."""

    def __init__(
        self, groups: Sequence[Weighted], encoder: Callable[[Group], Encoded], fitter: Fitter,
        weigher: Weigher, place: ProcessPlace,
    ) -> None:  # fmt: skip
        """Take what all steps have in common.

        Args:
            groups: All groups of the training.
            encoder: From a group to its tokens.
            fitter: Decides in how many parts a step is taken.
            weigher: Of the method, with the settings of the training.
            place: This process and its device.
        """
        self._groups, self._encoder, self._fitter, self._options = groups, encoder, fitter, weigher.options
        self._weigher, self._place = weigher, place
        self._own = self._options.importance_cap is not None and any(weighted.group.log_probs for weighted in groups)

    def made(self, number: int, *, least: bool = False) -> TrainingStep:
        """Return a step.

        Args:
            number: Counted from 0.
            least: Whether to take the least memory, whatever the forecast.

        Returns:
            The parts of it that are this process's.
        """
        numbers = batch(number, len(self._groups), self._options)
        fit = self._fitter.least(numbers) if least else self._fitter.fit(numbers)
        mine = [self._groups[one] for one in numbers[self._place.process :: self._place.processes]]
        chosen = [(weighted, self._encoder(weighted.group)) for weighted in mine]
        tokens = self._fitter.mean_tokens(numbers) if self._weigher.method.divide else 0.0
        parts = (
            part_of(
                some,
                self._weigher.weighed(some, 1 / len(mine), tokens),
                packing=self._options.packing,
                ratios=self._weighs(some),
            )
            for some in split_evenly(chosen, fit.parts)
        )
        on_gpu = self._place.device.type == "cuda"
        return TrainingStep(tuple(Parcel(part, pinned=True) if on_gpu else part for part in parts), fit.recompute)

    def _weighs(self, chosen: Sequence[tuple[Weighted, Encoded]]) -> bool:
        """Return whether a part has own samples to weigh; of several processes all do then, as all meet in a pass."""
        return self._own and (self._place.processes > 1 or any(weighted.group.log_probs for weighted, _ in chosen))

    def ahead(self, numbers: range) -> Iterator[TrainingStep]:
        """Make steps in a thread, each while the one before is computed.

        Args:
            numbers: Of the steps.

        Yields:
            The steps, in this order.
        """
        with ThreadPoolExecutor(1, "batches") as worker:
            coming = deque(worker.submit(self.made, number) for number in numbers[:1])
            for number in numbers:
                step = coming.popleft().result()
                coming.extend(worker.submit(self.made, later) for later in (number + 1,) if later in numbers)
                yield step
