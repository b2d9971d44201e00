"""Computes attention in a packed row: each completion sees its prompt and itself only, and no mask of T x T is made.

Two functions are registered with transformers, which calls them in each layer: one flash kernel over all runs of the
row on a GPU in bfloat16, elsewhere a loop over runs, which is one operation to PyTorch. Both compute exactly the pairs
that are needed, in float32 and bfloat16, with fewer heads of keys than of queries, and within a window if there is one.

Shapes: T tokens of the row, H heads of the queries and G of the keys, widths D of keys and V of values, S runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from harness.progress import say
from trainers.dataset import Encoded
from trainers.packing import Spans, packed
from trainers.span_attention import attended

LOOP, FLASH = "proctor_spans", "proctor_varlen"
"""Names of the two functions, as transformers knows them."""
_WIDEST = 256
"""Values of a head that the flash kernel takes at most."""
_AMPERE = (8, 0)
"""Compute capability from which on the flash kernel runs."""
_TOLERANCE = 2e-2
"""Of values near 1 in bfloat16."""


def spans_attention(device: torch.device, dtype: torch.dtype) -> str:
    """Return the name of the function that computes attention in packed rows.

    Args:
        device: Where the model lies.
        dtype: Type of computation.

    Returns:
        `FLASH` on a GPU in bfloat16, if a small case comes out right there; else `LOOP`.
    """
    return FLASH if device.type == "cuda" and dtype is torch.bfloat16 and _flash_is_right(device.index or 0) else LOOP


@cache
def _flash_is_right(number: int) -> bool:
    """Return whether a GPU's flash kernel aligns the last query with the last key, with and without a window."""
    device = torch.device("cuda", number)
    if torch.cuda.get_device_capability(device) < _AMPERE:
        return False
    spans: Any = packed(Encoded((1,) * 5, ((1,) * 4, (1,) * 8))).to(device).spans
    query, key, value = torch.rand(
        (3, 1, 2, 15, 64), dtype=torch.bfloat16, device=device, generator=torch.Generator(device)
    )
    try:
        apart = list[float]()
        for window in (None, 4):
            given = {"sliding_window": window, "spans": spans, "runs": torch.tensor(spans.runs)}
            found, expected = (attend(None, query, key, value, **given)[0] for attend in (attend_flash, attend_loop))
            apart.append(float((found - expected).abs().max()))
    except (RuntimeError, NotImplementedError) as error:
        say(f"no flash attention on this GPU ({error}): packed rows take a slower way")
        return False
    if max(apart) >= _TOLERANCE:
        say("flash attention on this GPU is not as expected: packed rows take a slower way")
    return max(apart) < _TOLERANCE


def attend_flash(  # noqa: PLR0917 - transformers calls it so
    module: nn.Module | None, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None,
    dropout: float = 0.0, scaling: float | None = None, sliding_window: int | None = None,
    *, spans: Spans | None = None, runs: Tensor | None = None, **others: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """Attend by one flash kernel over the gathered keys of all runs; arguments and result are those of `attend_loop`.

    Args:
        module: The layer.
        query: (1, H, T, D).
        key: (1, G, T, D).
        value: (1, G, T, V).
        attention_mask: That of `trainers.packing.Rows`.
        dropout: Must be 0.
        scaling: Factor of the scores; None for the usual one.
        sliding_window: Tokens that each one sees, itself included; None for all.
        spans: Of the row; without them this is the library's attention under its mask.
        runs: (S, 4), int64, on the CPU: those of the spans.
        others: What else the model passes.

    Returns:
        (1, T, H, V), and nothing for the weights.

    Raises:
        ValueError: As of `attend_loop`.
    """
    width = query.shape[-1]
    spans, runs = _given(attention_mask, spans, runs)
    if spans is None or not width == key.shape[-1] == value.shape[-1] <= _WIDEST or width % 8:
        others |= {"spans": spans, "runs": runs}
        return attend_loop(module, query, key, value, attention_mask, dropout, scaling, sliding_window, **others)
    _refuse_more(attention_mask, dropout, others)
    from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415 - older GPUs' builds may lack it

    rows = query[0].to(value.dtype).transpose(0, 1).contiguous()
    keys, values = (
        torch.index_select(part[0].to(value.dtype).transpose(0, 1), 0, spans.gathered) for part in (key, value)
    )
    out: Any = varlen_attn(
        rows, keys, values, spans.queries, spans.keys, spans.longest_queries, spans.longest_keys,
        scale=scaling, window_size=(sliding_window - 1 if sliding_window else -1, 0),
        enable_gqa=query.shape[1] != key.shape[1],
    )  # fmt: skip
    return out[None], None


def attend_loop(  # noqa: PLR0917 - transformers calls it so
    module: nn.Module | None, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None,
    dropout: float = 0.0, scaling: float | None = None, sliding_window: int | None = None,
    *, spans: Spans | None = None, runs: Tensor | None = None, **others: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """Attend run by run.

    Args:
        module: The layer.
        query: (1, H, T, D).
        key: (1, G, T, D).
        value: (1, G, T, V).
        attention_mask: That of `trainers.packing.Rows`.
        dropout: Must be 0.
        scaling: Factor of the scores; None for the usual one.
        sliding_window: Tokens that each one sees, itself included; None for all.
        spans: Of the row; without them this is the library's attention under its mask.
        runs: (S, 4), int64, on the CPU: those of the spans.
        others: What else the model passes.

    Returns:
        (1, T, H, V), and nothing for the weights.

    Raises:
        ValueError: The model passes something that this attention leaves out.
    """
    spans, runs = _given(attention_mask, spans, runs)
    if spans is None or runs is None:
        library: Any = sdpa_attention_forward
        found: tuple[Tensor, None] = library(
            module, query, key, value, attention_mask, dropout, scaling, sliding_window=sliding_window, **others
        )
        return found
    _refuse_more(attention_mask, dropout, others)
    binds = sliding_window is not None and sliding_window < spans.longest_keys
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    parts = (query.to(value.dtype), key.to(value.dtype), value)
    out, _ = attended(*parts, runs, scale, sliding_window if binds else 0)
    return out, None


for _name, _attend in ((LOOP, attend_loop), (FLASH, attend_flash)):
    AttentionInterface.register(_name, _attend)
    AttentionMaskInterface.register(_name, sdpa_mask)  # of rows that are not packed

_CHANGING = ("softcap", "s_aux", "position_bias", "head_mask")
"""What a model may pass that changes attention."""


def carried(mask: Tensor, spans: Spans, runs: Tensor) -> dict[str, Any]:
    """Return what a packed row passes to a model, so that it comes to attention in every layer.

    Args:
        mask: That of `trainers.packing.Rows`.
        spans: Of the row.
        runs: (S, 4), int64, on the CPU: those of the spans.

    Returns:
        Arguments of the model. Some models pass no more than the mask on to their layers, so it has the others, too.
    """
    untyped: Any = mask
    untyped.spans = spans, runs
    return {"attention_mask": mask, "spans": spans, "runs": runs}


def _given(mask: Tensor | None, spans: Spans | None, runs: Tensor | None) -> tuple[Spans | None, Tensor | None]:
    """Return the spans and runs of a call, whichever way they come."""
    return (spans, runs) if spans is not None else getattr(mask, "spans", (None, None))


def _refuse_more(mask: Tensor | None, dropout: float, others: dict[str, Any]) -> None:
    given = [name for name in _CHANGING if others.get(name) is not None]
    if given or (mask is not None and mask.numel() > 1):
        raise ValueError(f"its attention takes {given[0] if given else 'a mask'}, which a packed row leaves out")
    if dropout:
        raise ValueError(f"its attention has a dropout of {dropout:g}, which a packed row leaves out")


@contextmanager
def windows_heard() -> Iterator[list[int | None]]:
    """Listen to the windows that layers pass to `LOOP`.

    Yields:
        A list that grows with each call by its window, None for none.
    """
    heard = list[int | None]()

    def listening(*parts: Any, **others: Any) -> tuple[Tensor, None]:
        heard.append(others.get("sliding_window"))
        return attend_loop(*parts, **others)

    AttentionInterface.register(LOOP, listening)
    try:
        yield heard
    finally:
        AttentionInterface.register(LOOP, attend_loop)
