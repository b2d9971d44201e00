"""Computes the attention of a packed row run by run: exactly the pairs that are needed, and no mask of T x T.

It is one operation to PyTorch, forward and backward, however many runs there are. Shapes: T tokens of the row, H heads
of the queries and G of the keys, widths D of keys and V of values, L queries and S keys of a piece.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

_BLOCK = 256
"""Queries of a completion that are taken at once, each with the keys that any of them sees."""
_CPU: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # noqa: SLF001 - the public one hides the sums
_CPU_BACKWARD: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward  # noqa: SLF001


class _Piece(NamedTuple):
    """Holds queries of a row and keys that they see."""

    queries: slice
    keys: tuple[slice, ...]
    causal: bool = False
    """There are as many keys as queries, and each sees those up to itself; else all, or those of the mask."""
    mask: Tensor | None = None
    """(L, S), bool: what is seen."""


@torch.library.custom_op("proctor::attend_spans", mutates_args=())
def attended(  # noqa: PLR0917 - operations are called by position
    query: Tensor, key: Tensor, value: Tensor, runs: Tensor, scale: float, window: int
) -> tuple[Tensor, Tensor]:
    """Attend run by run; of several prompts' completions, each sees its own prompt and itself.

    Args:
        query: (1, H, T, D).
        key: (1, G, T, D).
        value: (1, G, T, V).
        runs: (S, 4), int64: first place, tokens, place of the prompt and its tokens, of each run.
        scale: Factor of the scores.
        window: Tokens that each one sees, itself included; 0 for all.

    Returns:
        The values that each query sees, (1, T, H, V), and the logarithms of its sums of exponentials, (1, H, T).
    """
    out = value.new_empty((1, query.shape[2], query.shape[1], value.shape[3]))
    sums = query.new_empty(query.shape[:3], dtype=_wide(query))
    for piece in _pieces(runs, window, query):
        at = piece.queries
        found, its_sums = _forward(_seen((query, key, value), piece), piece, scale)
        out[:, at] = found.transpose(1, 2)
        sums[:, :, at] = its_sums
    return out, sums


@torch.library.custom_op("proctor::attend_spans_backward", mutates_args=())
def _attended_backward(  # noqa: PLR0917 - as above
    grad: Tensor, query: Tensor, key: Tensor, value: Tensor, out: Tensor, sums: Tensor, runs: Tensor, scale: float,
    window: int,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Return the gradients of queries, keys and values; prompts add up what all their completions give, in order."""
    of_query, of_key, of_value = (torch.zeros_like(part, dtype=_wide(query)) for part in (query, key, value))
    for piece in _pieces(runs, window, query):
        at = piece.queries
        came = (grad[:, at].transpose(1, 2), out[:, at].transpose(1, 2), sums[:, :, at])
        found = _backward(_seen((query, key, value), piece), piece, scale, came)
        of_query[:, :, at] += found[0]
        sizes = [part.stop - part.start for part in piece.keys]
        for total, gradient in ((of_key, found[1]), (of_value, found[2])):
            of_heads = gradient.reshape(1, total.shape[1], -1, *gradient.shape[2:]).sum(2, dtype=total.dtype)
            for place, part in zip(piece.keys, torch.split(of_heads, sizes, 2), strict=True):
                total[:, :, place] += part
    return of_query.to(query.dtype), of_key.to(query.dtype), of_value.to(query.dtype)


@attended.register_fake
def _(query: Tensor, key: Tensor, value: Tensor, *_: Any) -> tuple[Tensor, Tensor]:
    del key
    out = value.new_empty((1, query.shape[2], query.shape[1], value.shape[3]))
    return out, query.new_empty(query.shape[:3], dtype=_wide(query))


@_attended_backward.register_fake
def _(grad: Tensor, query: Tensor, key: Tensor, value: Tensor, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    del grad
    return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *parts, ctx.scale, ctx.window = inputs
    ctx.save_for_backward(*parts, *output)
    ctx.mark_non_differentiable(output[1])
    ctx.set_materialize_grads(value=False)


def _gradients(ctx: Any, of_out: Tensor, _: None) -> tuple[Tensor | None, ...]:
    query, key, value, runs, out, sums = ctx.saved_tensors
    found = _attended_backward(of_out, query, key, value, out, sums, runs, ctx.scale, ctx.window)
    return *found, None, None, None


attended.register_autograd(_gradients, setup_context=_keep)


def _wide(part: Tensor) -> torch.dtype:
    return part.dtype if part.dtype is torch.float64 else torch.float32


def _has_kernel(query: Tensor) -> bool:
    """Return whether PyTorch has a kernel that tells the sums; else products and exponentials are taken one by one."""
    return query.device.type == "cpu"


def _pieces(runs: Tensor, window: int, query: Tensor) -> Iterator[_Piece]:
    """Yield queries with all of their keys: a whole prompt where PyTorch's kernel needs no mask for it, else blocks."""
    for run in runs.tolist():
        first, count, _, prompt_tokens = run
        if prompt_tokens or window or not _has_kernel(query):
            yield from (_block(run, start, window, query.device) for start in range(0, count, _BLOCK))
        else:
            place = slice(first, first + count)
            yield _Piece(place, (place,), causal=True)


def _block(run: Sequence[int], start: int, window: int, device: torch.device) -> _Piece:
    """Return queries of a run, from a place in it on, with their keys and a mask of what each sees of them."""
    first, count, prompt, prompt_tokens = run
    stop = min(count, start + _BLOCK)
    begin = max(0, prompt_tokens + start - window + 1) if window else 0  # position of the first key
    at = torch.arange(prompt_tokens + start, prompt_tokens + stop, device=device)[:, None]
    positions = torch.arange(begin, prompt_tokens + stop, device=device)
    mask = positions <= at
    if window:
        mask &= positions > at - window
    of_prompt = slice(prompt + min(begin, prompt_tokens), prompt + prompt_tokens)
    of_own = slice(first + max(0, begin - prompt_tokens), first + stop)
    keys = (of_prompt, of_own) if of_prompt.stop > of_prompt.start else (of_own,)
    return _Piece(slice(first + start, first + stop), keys, mask=mask)


def _seen(parts: tuple[Tensor, Tensor, Tensor], piece: _Piece) -> tuple[Tensor, Tensor, Tensor]:
    """Return the queries of a piece and its keys and values, spread to all heads where the kernel doesn't."""
    query, key, value = parts
    times = 1 if _has_kernel(query) else query.shape[1] // key.shape[1]
    chosen = (torch.cat([part[:, :, place] for place in piece.keys], 2) for part in (key, value))
    keys, values = (part.repeat_interleave(times, 1) if times > 1 else part for part in chosen)
    return query[:, :, piece.queries], keys, values


def _forward(parts: tuple[Tensor, Tensor, Tensor], piece: _Piece, scale: float) -> tuple[Tensor, Tensor]:
    """Return the values that queries see, (1, H, L, V), and the logarithms of their sums of exponentials, (1, H, L)."""
    query, key, value = parts
    if _has_kernel(query):
        given = {"attn_mask": _added(piece, query), "scale": scale}
        out, sums = _CPU(*map(_widened(parts), parts), 0.0, piece.causal, **given)
        return out[..., : value.shape[3]], sums
    scores = _scores(query, key, piece, scale)
    sums = scores.logsumexp(3)
    return (scores - sums[..., None]).exp().to(value.dtype) @ value, sums


def _backward(
    parts: tuple[Tensor, Tensor, Tensor], piece: _Piece, scale: float, came: tuple[Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of a piece's queries, keys and values.

    Came are the gradient of what the queries saw, that itself, and their sums.
    """
    query, key, value = parts
    grad, out, sums = came
    if _has_kernel(query):
        wide = _widened(parts)
        given = {"attn_mask": _added(piece, query), "scale": scale}
        found = _CPU_BACKWARD(wide(grad), *map(wide, parts), wide(out), sums, 0.0, piece.causal, **given)
        of_query, of_key, of_value = (one[..., : part.shape[3]] for one, part in zip(found, parts, strict=True))
        return of_query, of_key, of_value
    shares = (_scores(query, key, piece, scale) - sums[..., None]).exp()
    of_shares = grad @ value.mT - (grad * out).sum(3, keepdim=True)
    of_scores = (shares * of_shares * scale).to(query.dtype)
    return of_scores @ key, of_scores.mT @ query, shares.to(grad.dtype).mT @ grad


def _widened(parts: tuple[Tensor, ...]) -> Callable[[Tensor], Tensor]:
    """Return a function that fills heads up with zeros to one width, which the kernel wants; they change nothing."""
    width = max(part.shape[3] for part in parts)
    return lambda part: part if part.shape[3] == width else nn.functional.pad(part, (0, width - part.shape[3]))


def _added(piece: _Piece, query: Tensor) -> Tensor | None:
    """Return the mask as the kernel takes it: numbers that are added to the scores."""
    if piece.mask is None:
        return None
    return torch.zeros(piece.mask.shape, dtype=query.dtype).masked_fill_(~piece.mask, -math.inf)[None, None]


def _scores(query: Tensor, key: Tensor, piece: _Piece, scale: float) -> Tensor:
    scores = (query @ key.mT).to(_wide(query)) * scale
    return scores if piece.mask is None else scores.masked_fill_(~piece.mask, -math.inf)
