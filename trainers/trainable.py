"""Refuses a model that training would compute otherwise than the model itself: by its config and by its numbers.

The config says what a probe of small random logits may not show: a window longer than the probe, a cap far above its
logits, factors that change with the length.
"""

from collections.abc import Iterator
from typing import Any

import torch

from harness.errors import UserError
from harness.generation.loading import stateful_layers
from trainers.attention import windows_heard
from trainers.config import TrainingOptions
from trainers.dataset import Encoded, Longest
from trainers.objective import WeightedLikelihood
from trainers.packing import packed, padded
from trainers.sharding import unsharded

_SCALES = {"logit_scale": "Cohere's", "logits_scaling": "Granite's", "lm_head_multiplier": "Falcon-H1's"}
"""Factors of the logits, by their names in configs."""
_CAPS = ("final_logit_softcapping", "logits_soft_cap", "output_logit_soft_cap")
"""Names of caps of the logits in configs: of Gemma and NanoChat, RecurrentGemma, xLSTM."""
_BY_LENGTH = frozenset({"dynamic", "longrope"})
"""Kinds of rotary positions whose factors depend on the longest sequence of a batch."""


def refuse_model(model: Any, options: TrainingOptions) -> None:
    """Refuse a model by what its config says.

    Args:
        model: That is to be trained.
        options: `packing` counts.

    Raises:
        UserError: It caps or scales its logits; or groups are packed, and it keeps a state along a sequence, or has a
            dropout of attention.
    """
    config = model.config.get_text_config()
    kind = config.model_type
    for name in _CAPS:
        if cap := getattr(config, name, None):
            raise UserError(f"{kind} caps its logits ({name} {cap:g}), which training leaves out; take another model")
    for name, whose in _SCALES.items():
        scale = getattr(config, name, None)
        if isinstance(scale, int | float) and scale != 1:
            raise UserError(
                f"{kind} scales its logits ({name} {scale:g}, as {whose}), which training leaves out; "
                "take another model"
            )
    if options.packing and (others := stateful_layers(model)):
        raise UserError(
            f"{kind} keeps a state along the sequence ({', '.join(others)} layers), which "
            "packing would carry from one completion to the next; add --packing off"
        )
    dropouts = {name: value for name, value in config.to_dict().items() if "att" in name and "drop" in name}
    given = [name for name, value in dropouts.items() if isinstance(value, int | float) and value]
    if options.packing and given:
        raise UserError(
            f"{kind} has a dropout of attention ({given[0]} {dropouts[given[0]]:g}), which packing leaves out; "
            f"set {given[0]} to 0 in its config.json, or add --packing off"
        )


def refuse_length(config: Any, longest: Longest) -> None:
    """Refuse sequences of a length that the model, or training, computes otherwise.

    Args:
        config: Of the model.
        longest: Of the groups.

    Raises:
        UserError: They are more than the model has positions, or than the length at which its rotary positions change.
    """
    config = config.get_text_config()
    positions = getattr(config, "max_position_embeddings", None)
    has = f"problem {longest.problem_id}: a prompt with its completion has {longest.tokens} tokens, but"
    shorter = "leave such groups out: proctor compile --max-tokens"
    if positions and longest.tokens > positions:
        raise UserError(f"{has} the model has {positions} positions; {shorter}")
    for rope in _ropes(config):
        limit = rope.get("original_max_position_embeddings") or getattr(
            config, "original_max_position_embeddings", None
        )
        if rope.get("rope_type", rope.get("type")) in _BY_LENGTH and limit and longest.tokens > limit:
            raise UserError(
                f"{has} {config.model_type} changes its positions beyond {limit} for all rows of a batch; {shorter}"
            )


def refuse_window(policy: WeightedLikelihood, longest: Longest) -> None:
    """Refuse packed sequences beyond the model's window, where its layers don't tell attention of it.

    Most do; others leave it to the mask, which a packed row doesn't have.

    Args:
        policy: The model as training calls it.
        longest: Of the groups.

    Raises:
        UserError: They are longer than such a window.
    """
    model: Any = policy.model
    config = model.config.get_text_config()
    window = window_of(config)
    if window is None or longest.tokens <= window:
        return
    kinds = getattr(config, "layer_types", None) or ["sliding_attention"] * config.num_hidden_layers
    expected = [getattr(config, "sliding_window", None) if kind == "sliding_attention" else None for kind in kinds]
    with windows_heard() as heard:
        policy.log_probs(packed(_specimen(config.vocab_size)).to(model.device))
    if heard != expected or "chunked_attention" in kinds:
        raise UserError(
            f"problem {longest.problem_id}: a prompt with its completion has {longest.tokens} tokens, but "
            f"{config.model_type} attends to a window of {window}, which packing ignores; add --packing off"
        )


def window_of(config: Any) -> int | None:
    """Return the tokens to which some of a model's layers attend, at most.

    Args:
        config: Of the model's text part.

    Returns:
        Their number; None where every layer attends to all.
    """
    kinds = getattr(config, "layer_types", None)
    if kinds is None:
        used = getattr(config, "use_sliding_window", True)
        return (getattr(config, "sliding_window", None) or None) if used else None
    windows = [
        getattr(config, name, None)
        for kind, name in (("sliding_attention", "sliding_window"), ("chunked_attention", "attention_chunk_size"))
        if kind in kinds
    ]
    return min((window for window in windows if window), default=None)


def _ropes(config: Any) -> Iterator[dict[str, Any]]:
    """Yield the settings of rotary positions, of which there may be some for each kind of layers."""
    given = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    yield given
    yield from (value for value in given.values() if isinstance(value, dict))


_SPECIMEN = Encoded(prompt=(11, 12, 13, 14, 15), completions=((21, 22, 23), (31,), (41, 42, 43, 44, 45, 46)))
"""Any tokens do; in a smaller vocabulary they go round."""


def _specimen(words: int) -> Encoded:
    prompt, *completions = (
        tuple(token % words for token in tokens) for tokens in (_SPECIMEN.prompt, *_SPECIMEN.completions)
    )
    return Encoded(prompt, tuple(completions))


_TOLERANCE = {torch.float32: 1e-2, torch.bfloat16: 0.5}
"""Of the log-probability of a token; models that compute otherwise are whole units away."""


def refuse_disagreement(policy: WeightedLikelihood, dtype: torch.dtype, *, packing: bool) -> None:
    """Refuse a model whose own forward pass gives its tokens other log-probabilities than training sees.

    That is one that ignores the mask or the positions of a packed group, or does to its logits what its config doesn't
    say.

    Args:
        policy: The model as training calls it.
        dtype: Type of computation, float32 or bfloat16.
        packing: Whether groups are packed.

    Raises:
        UserError: The model is of such a kind, or fails on the mask.
    """
    model: Any = policy.model
    training = model.training
    model.eval()
    specimen = _specimen(model.config.get_text_config().vocab_size)
    advice = "add --packing off, or take another model" if packing else "take another model"
    with torch.no_grad():
        rows = (packed if packing else padded)(specimen).to(model.device)
        try:
            found = policy.log_probs(rows)
        except torch.OutOfMemoryError:
            raise
        except (AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:  # of another mask or output
            raise UserError(
                f"{model.config.model_type} can't be computed as training does it ({error}); {advice}"
            ) from error
        with unsharded(policy):
            expected = [_by_itself(model, dtype, specimen.prompt, one, found.device) for one in specimen.completions]
        apart = (found - torch.cat(expected)).abs().max().item()
    model.train(training)
    if not apart <= _TOLERANCE[dtype]:
        raise UserError(
            f"{model.config.model_type} computes other log-probabilities than training ({apart:.3g} apart); {advice}"
        )


def _by_itself(
    model: Any, dtype: torch.dtype, prompt: tuple[int, ...], completion: tuple[int, ...], device: torch.device
) -> torch.Tensor:
    """Return the log-probabilities of a completion's tokens, (its length), by the model's own forward pass."""
    row = torch.tensor([[*prompt, *completion]], device=device)
    with torch.autocast(row.device.type, dtype=dtype, enabled=dtype != torch.float32):
        logits = model(input_ids=row, use_cache=False).logits[0, :-1].float()
    log_probs: torch.Tensor = logits.log_softmax(-1).gather(1, row[0, 1:, None])[-len(completion) :, 0]
    return log_probs
