"""The log-probability of a sample: that of the stock model, for its own tokens and its own end."""

import json

import msgspec
import pytest
from drawing import ENDING, GREEDY, PROMPTS, SAMPLED, drawn, plan_of

from harness.generation.backends.transformers import transformers
from harness.generation.generate import complete_requests

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tiny_model):
    """Return the tiny model, ready."""
    with transformers.load(str(tiny_model), {"dtype": "float32", "device": "cpu"}) as engine:
        yield engine


@pytest.mark.parametrize("sampling", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
def test_it_is_that_of_the_stock_model(tiny_model, sampling):
    """Summed over the tokens that were taken, at temperature 1, whatever they were sampled at and beside whom."""
    import torch  # noqa: PLC0415 - whoever only collects tests needn't wait
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    from harness.generation.backends import decoding  # noqa: PLC0415
    from harness.generation.tokens import PromptedRow  # noqa: PLC0415

    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="float32")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    decoding.quiet(model)
    batch = tuple(
        PromptedRow(request, tuple(tokenizer(request.prompt)["input_ids"]), sampling.max_tokens)
        for request in plan_of(PROMPTS, sampling.n)
    )

    found = decoding.generate_batch(
        model, batch, sampling, ends=[tokenizer.eos_token_id], stop=None, wanted=range(len(batch)),
        progress=decoding.BatchProgress(),
    )  # fmt: skip

    for row in found:
        prompt = batch[row.place].prompt
        ids = torch.tensor([[*prompt, *row.tokens]])
        with torch.no_grad():
            every = model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])
        assert row.log_prob == pytest.approx(float(every[len(prompt) - 1 :].sum()), abs=1e-3)


def test_only_what_the_model_ended_has_one(engine):
    """Neither a sample that was cut off, nor one that a stop string ended: training would add an end to it."""
    plan = plan_of((ENDING,))
    (ended,) = drawn(engine, plan, GREEDY).values()
    (cut,) = drawn(engine, plan, msgspec.structs.replace(GREEDY, max_tokens=1)).values()
    (stopped,) = drawn(engine, plan, msgspec.structs.replace(GREEDY, stop=(ended.text[:2],))).values()

    assert (ended.finish_reason, cut.finish_reason, stopped.finish_reason) == ("stop", "length", "stop")
    assert ended.log_prob < 0
    assert (cut.log_prob, stopped.log_prob) == (None, None)


def test_it_is_stored_with_the_sample(engine, tmp_path):
    """In its row, and no field where there is none."""
    plan = plan_of((ENDING,))
    with (tmp_path / "samples.jsonl").open("wb") as file:
        for max_tokens in (GREEDY.max_tokens, 1):
            sampling = msgspec.structs.replace(GREEDY, max_tokens=max_tokens)
            list(complete_requests(engine, plan, frozenset([plan[0].key]), file, sampling=sampling, policy="m"))

    ended, cut = map(json.loads, (tmp_path / "samples.jsonl").read_text().splitlines())
    assert ended["log_prob"] < 0
    assert "log_prob" not in cut
