"""Checks that a model's own forward pass gives the log-probabilities that training sees."""

from typing import Any

import torch

from harness.errors import UserError
from trainers.dataset import Encoded
from trainers.objective import WeightedLikelihood
from trainers.packing import packed, padded
from trainers.sharding import unsharded

_GROUP = Encoded(prompt=(11, 12, 13, 14, 15), completions=((21, 22, 23), (31,), (41, 42, 43, 44, 45, 46)))
"""Any tokens do."""
_TOLERANCE = {torch.float32: 1e-2, torch.bfloat16: 0.5}
"""Of the log-probability of a token; models that compute otherwise are whole units away."""


def refuse_disagreement(policy: WeightedLikelihood, dtype: torch.dtype, *, packing: bool) -> None:
    """Refuse a model whose own forward pass gives its tokens other log-probabilities than training sees.

    That is one that scales or caps its logits, one that doesn't heed the mask or the positions of a packed group, and,
    by its own configuration, one that attends to a window of the last tokens only.

    Args:
        policy: The model as training calls it.
        dtype: Of computation.
        packing: Whether groups are packed.

    Raises:
        UserError: The model is of such a kind.
    """
    model: Any = policy.model
    if packing and "sliding_attention" in (getattr(model.config, "layer_types", None) or ()):
        raise UserError(f"{model.config.model_type} attends to a window, which packing doesn't heed; add --packing off")
    training = model.training
    model.eval()
    with torch.no_grad():
        rows = (packed if packing else padded)(_GROUP).to(model.device)
        found = policy.log_probs(rows)
        with unsharded(policy):
            expected = [_by_itself(model, dtype, completion, found.device) for completion in _GROUP.completions]
        apart = (found - torch.cat(expected)).abs().max().item()
    model.train(training)
    if not apart <= _TOLERANCE[dtype]:
        advice = "add --packing off, or take another model" if packing else "take another model"
        raise UserError(
            f"{model.config.model_type} gives other log-probabilities than training sees ({apart:.3g} apart); {advice}"
        )


def _by_itself(model: Any, dtype: torch.dtype, completion: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """Return the log-probabilities of a completion's tokens by the model's own forward pass."""
    row = torch.tensor([[*_GROUP.prompt, *completion]], device=device)
    with torch.autocast(row.device.type, dtype=dtype, enabled=dtype != torch.float32):
        logits = model(input_ids=row, use_cache=False).logits[0, :-1].float()
    chosen: torch.Tensor = logits.log_softmax(-1).gather(1, row[0, 1:, None])[-len(completion) :, 0]
    return chosen
