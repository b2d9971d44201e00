"""Measures what a training step is made of: launches, attention and the optimizer, each alone."""

import torch
from torch.nn import functional
from training_meter import microseconds
from training_shapes import SHAPES, group_of, model_of
from training_ways import dense_mask

from trainers.attention import FLASH, attend_flash, attend_loop, spans_attention
from trainers.config import TrainingOptions
from trainers.optimizer import make_optimizer
from trainers.packing import packed

_LENGTHS = (512, 1024, 2048, 4096, 9216)
"""Tokens of the row: a prompt and four completions, a fifth of them each."""
_TINY_LENGTHS = (320, 640)


def launch(run):
    """Yield the time of a launch of a tiny kernel: one by one, and replayed as a graph."""
    numbers, calls = torch.ones(64, device=run.device), 100 if run.tiny else 2000
    yield {"way": "eager", "us": microseconds(lambda: numbers.add_(1), calls=calls, device=run.device)}
    trained = torch.ones(64, device=run.device, requires_grad=True)

    def with_gradient():
        trained.mul(2.0).sum().backward()

    each = microseconds(with_gradient, calls=calls // 10, device=run.device)
    yield {"way": "eager with its gradient", "us": each / 5, "why": "two kernels forward, three backward"}
    if run.device == "cpu":
        yield {"way": "graph", "skipped": "a CPU has no graphs of kernels"}
        return
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            numbers.add_(1)
    yield {"way": "graph", "us": microseconds(graph.replay, calls=1, device=run.device) / calls}


def attention(run):
    """Yield the time of a layer's attention with its gradient, over spans and with a mask of all pairs, by length."""
    sizes, dtype = SHAPES[run.shape], torch.bfloat16
    heads, key_heads = sizes["num_attention_heads"], sizes["num_key_value_heads"]
    width = sizes["hidden_size"] // heads
    flash = spans_attention(torch.device(run.device), dtype) == FLASH
    for length in _TINY_LENGTHS if run.tiny else _LENGTHS:
        group = group_of((length // 5,) * 5, run.shape)
        rows = packed(group).to(torch.device(run.device))
        mask = dense_mask(group).to(run.device)
        query, key, value = (
            torch.randn(1, count, mask.shape[-1], width, dtype=dtype, device=run.device, requires_grad=True)
            for count in (heads, key_heads, key_heads)
        )
        given = {"spans": rows.spans, "runs": torch.tensor(rows.spans.runs)}

        def over_spans(parts=(query, key, value), given=given):
            return (attend_flash if flash else attend_loop)(None, *parts, **given)[0]

        def over_all(parts=(query, key, value), mask=mask):
            return functional.scaled_dot_product_attention(*parts, attn_mask=mask, enable_gqa=True).transpose(1, 2)

        apart = (over_spans() - over_all()).abs().max().item()
        spans_us, dense_us = (
            microseconds(lambda call=call: call().sum().backward(), calls=1 if run.tiny else 10, device=run.device)
            for call in (over_spans, over_all)
        )
        way = f"{mask.shape[-1]} tokens{' by flash' if flash else ''}"
        yield {"way": way, "ms": spans_us / 1e3, "dense_ms": dense_us / 1e3, "apart": apart}


def optimizer(run):
    """Yield the time of AdamW's step on all weights of a model: fused, over lists of tensors, and one by one."""
    options = TrainingOptions(learning_rate=1e-12)
    model = model_of(run.shape, run.layers, run.device, options)
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    ways = {
        "proctor's": lambda: make_optimizer(model.parameters(), options),
        "fused": lambda: torch.optim.AdamW(model.parameters(), lr=0.0, fused=True),
        "foreach": lambda: torch.optim.AdamW(model.parameters(), lr=0.0, foreach=True),
        "loop": lambda: torch.optim.AdamW(model.parameters(), lr=0.0, foreach=False),
    }
    for way, make in ways.items():
        made = make()
        yield {"way": way, "ms": microseconds(made.step, calls=1 if run.tiny else 5, device=run.device) / 1e3}
        del made
