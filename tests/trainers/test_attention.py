"""Attention in a packed row: the values and gradients of a dense mask, whichever way it is computed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainers import span_attention
from trainers.attention import FLASH, LOOP, attend_flash, attend_loop, spans_attention
from trainers.dataset import Encoded
from trainers.packing import packed

pytestmark = pytest.mark.slow

LENGTHS = st.lists(
    st.tuples(st.integers(1, 12), st.lists(st.integers(1, 12), min_size=1, max_size=4)), min_size=1, max_size=3
)
"""Of groups: prompt and completions with their ends."""


def row_of(lengths):
    """Return the packed row of groups of these lengths."""
    return packed(*(Encoded((1,) * prompt, tuple((2,) * count for count in own)) for prompt, own in lengths))


def dense_mask(rows, window):
    """Return (T, T): what each token sees, by the owner and the position of each."""
    owners, groups = torch.empty(2, rows.input_ids.shape[1], dtype=torch.long)
    for number, run in enumerate(rows.spans.runs):
        owners[run.first : run.first + run.tokens] = number if run.prompt_tokens else -1
        groups[run.first : run.first + run.tokens] = run.prompt
    places, positions = torch.arange(len(owners)), rows.position_ids[0]
    back = positions[:, None] - positions
    mine = (owners == owners[:, None]) | (owners == -1)
    return (places[:, None] >= places) & (groups == groups[:, None]) & mine & (back < (window or len(owners)))


def numbers(rows, *, heads=4, key_heads=2, width=8, value_width=8, dtype=torch.float64, seed=0):
    """Return random queries, keys and values of a row."""
    count, generator = rows.input_ids.shape[1], torch.Generator().manual_seed(seed)
    sizes = ((heads, width), (key_heads, width), (key_heads, value_width))
    return [
        torch.randn(1, own, count, wide, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
        for own, wide in sizes
    ]


def by_mask(query, key, value, mask):
    """Return what every textbook has: (1, T, H, V)."""
    times = query.shape[1] // key.shape[1]
    key, value = (part.repeat_interleave(times, 1) for part in (key, value))
    scores = (query @ key.mT * query.shape[-1] ** -0.5).masked_fill(~mask, float("-inf"))
    return (scores.softmax(-1) @ value).transpose(1, 2)


def by_spans(parts, rows, window=None):
    """Return what training computes."""
    out, weights = attend_loop(
        None, *parts, None, sliding_window=window, spans=rows.spans, runs=torch.tensor(rows.spans.runs)
    )
    assert weights is None
    return out


def with_gradients(out, parts):
    """Return a result and the gradients of its inputs."""
    ramp = torch.linspace(-1, 1, out.numel(), dtype=out.dtype).reshape(out.shape)
    return out, *torch.autograd.grad(out, parts, ramp)


@pytest.fixture(params=["kernel", "by hand"])
def way(request, monkeypatch):
    """Compute by PyTorch's kernel, or as on devices that have none, in blocks of three queries."""
    if request.param == "by hand":
        monkeypatch.setattr(span_attention, "_has_kernel", lambda _query: False)
    monkeypatch.setattr(span_attention, "_BLOCK", 3)


@pytest.mark.parametrize("window", [None, 1, 4, 1000])
@pytest.mark.parametrize(
    "sizes", [{}, {"key_heads": 4}, {"heads": 6, "key_heads": 1}, {"value_width": 4}, {"width": 4}]
)
@pytest.mark.usefixtures("way")
def test_values_and_gradients_are_those_of_a_dense_mask(window, sizes):
    """Fewer heads of keys, another width of values, within a window; an empty completion, and long ones."""
    rows = row_of([(7, [5, 1, 9]), (1, [2]), (4, [1, 1])])
    parts = numbers(rows, **sizes)

    expected = with_gradients(by_mask(*parts, dense_mask(rows, window)), parts)
    found = with_gradients(by_spans(parts, rows, window), parts)

    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(LENGTHS, st.one_of(st.none(), st.integers(1, 14)), st.integers(0, 99))
def test_any_groups_are_computed_as_by_a_dense_mask(lengths, window, seed):
    """In float64, to rounding."""
    rows = row_of(lengths)
    parts = numbers(rows, seed=seed)

    expected = with_gradients(by_mask(*parts, dense_mask(rows, window)), parts)
    found = with_gradients(by_spans(parts, rows, window), parts)

    assert all(torch.allclose(one, other, atol=1e-10) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("window", [None, 4])
@pytest.mark.usefixtures("way")
def test_bfloat16_is_within_its_rounding_of_float32(window):
    """A 128th of the largest value, and twice that for a gradient that several completions add to."""
    rows = row_of([(70, [50, 1, 90])])
    exact = numbers(rows, dtype=torch.float32, width=16, value_width=16)
    rounded = [part.detach().bfloat16().requires_grad_() for part in exact]

    expected = with_gradients(by_spans(exact, rows, window), exact)
    found = with_gradients(by_spans(rounded, rows, window), rounded)

    for one, other in zip(found, expected, strict=True):
        assert one.dtype == torch.bfloat16
        assert (one.float() - other).abs().max() <= other.abs().max() / 64


def test_the_operation_is_what_pytorch_takes_it_for():
    """Its shapes without values, and its gradient, by PyTorch's own checks."""
    rows = row_of([(3, [4, 2])])
    query, key, value = numbers(rows)

    torch.library.opcheck(
        span_attention.attended, (query, key, value, torch.tensor(rows.spans.runs), 0.3, 0),
        test_utils=("test_schema", "test_autograd_registration", "test_faketensor"),
    )  # fmt: skip


def test_what_a_packed_row_leaves_out_is_refused():
    """A mask, a dropout, and what bends the scores."""
    rows = row_of([(3, [4, 2])])
    parts = [part.detach() for part in numbers(rows)]
    spans = {"spans": rows.spans, "runs": torch.tensor(rows.spans.runs)}

    for attend in (attend_loop, attend_flash):
        for passed, said in (
            (spans | {"attention_mask": torch.ones(9, 9)}, "takes a mask"),
            (spans | {"dropout": 0.1}, "a dropout of 0.1"),
            (spans | {"softcap": 50.0}, "takes softcap"),
        ):
            with pytest.raises(ValueError, match=said):
                attend(None, *parts, **passed)


@pytest.mark.parametrize("window", [None, 4])
def test_the_flash_kernel_gets_each_run_with_its_keys(monkeypatch, window):
    """With a stand-in that takes the same arguments, and aligns the last query with the last key."""

    def varlen_attn(query, key, value, queries, keys, *longest, scale, window_size, enable_gqa):
        assert longest == (int(queries.diff().max()), int(keys.diff().max()))
        assert enable_gqa
        parts = []
        for place in range(len(queries) - 1):
            own, seen = (slice(int(at[place]), int(at[place + 1])) for at in (queries, keys))
            last = own.stop - own.start - 1
            at = torch.arange(-last, 1)[:, None] + seen.stop - seen.start - 1
            back = at - torch.arange(seen.stop - seen.start)
            mask = (back >= 0) & ((back <= window_size[0]) | (window_size[0] < 0))
            runs = [part.transpose(0, 1)[None] for part in (query[own], key[seen], value[seen])]
            parts.append(by_mask(*runs, mask)[0])
        assert scale is None
        return torch.cat(parts)

    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", varlen_attn)
    rows = row_of([(7, [5, 1, 9]), (3, [2])])
    parts = numbers(rows)

    out, _ = attend_flash(
        None, *parts, None, sliding_window=window, spans=rows.spans, runs=torch.tensor(rows.spans.runs)
    )

    for one, other in zip(
        with_gradients(out, parts), with_gradients(by_mask(*parts, dense_mask(rows, window)), parts), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_rows_that_are_not_packed_have_the_library_s_attention():
    """A model that was trained on packed rows computes any others as before."""
    parts = [part.detach() for part in numbers(row_of([(3, [4, 2])]))]
    mask = torch.ones(7, 7, dtype=torch.bool).tril()

    for attend in (attend_loop, attend_flash):
        out, _ = attend(torch.nn.Identity(), *[part[:, :2] for part in parts], mask[None, None])
        torch.testing.assert_close(out, by_mask(*[part[:, :2] for part in parts], mask))


def test_a_gpu_in_bfloat16_has_a_kernel_and_all_else_a_loop(monkeypatch):
    """Where the kernel's answer to a small case is right."""
    monkeypatch.setattr("trainers.attention._flash_is_right", lambda number: number == 1)

    assert spans_attention(torch.device("cuda", 1), torch.bfloat16) == FLASH
    assert spans_attention(torch.device("cuda", 0), torch.bfloat16) == LOOP
    assert spans_attention(torch.device("cuda", 1), torch.float32) == LOOP
    assert spans_attention(torch.device("cpu"), torch.bfloat16) == LOOP
