"""The backend vllm, on its real engine; `make test-vllm` runs this in an environment of its own.

An engine takes half a minute to start, so tests share them.
"""

from itertools import islice

import msgspec
import psutil
import pytest
from drawing import CHAT, GREEDY, PROMPTS, SAMPLED, drawn, plan_of

from harness.errors import Unavailable, UserError
from harness.generation.backends.transformers import transformers
from harness.generation.backends.vllm import vllm
from harness.runs.records import Producer

LONG = "def is_prime(n):\n    return n > 1 and all(n % i for i in range(2, n))\n" * 5
"""More than a block of the prefix cache."""
ALL = (*PROMPTS, LONG, CHAT)
OPTIONS = {"dtype": "float32", "enforce_eager": True}


@pytest.fixture(scope="module")
def reference(tiny_model):
    """Return the backend transformers over the same model."""
    with transformers.load(str(tiny_model), {"dtype": "float32", "device": "cpu"}) as engine:
        yield engine


@pytest.fixture(scope="module")
def engine(tiny_model):
    """Return vLLM's engine over the tiny model."""
    with vllm.load(str(tiny_model), OPTIONS) as engine:
        yield engine


@pytest.mark.parametrize("stop", [(), ("put", " 0 0", "rim")])
def test_greedy_completions_are_those_of_transformers(engine, reference, stop):
    """Prompt by prompt: text, why it ended, and how many tokens; with stop strings and without."""
    sampling = msgspec.structs.replace(GREEDY, stop=stop)

    found = drawn(engine, plan_of(ALL), sampling)

    assert found == drawn(reference, plan_of(ALL), sampling)
    assert {completion.finish_reason for completion in found.values()} == {"stop", "length"}


def test_a_sample_depends_on_its_own_seed_only(engine):
    """Drawn alone or among others, it is the same; and with another seed it is another."""
    plan = plan_of(ALL, n=4)

    together = drawn(engine, plan, SAMPLED)

    assert together == {request.key: drawn(engine, [request], SAMPLED)[request.key] for request in plan}
    assert len({completion.text for completion in together.values()}) > 0.8 * len(plan)


def test_a_run_that_was_left_goes_on_with_what_is_missing(engine):
    """What was under way is given up, and drawn again as it would have been."""
    plan = plan_of(ALL, n=4)
    whole = drawn(engine, plan, SAMPLED)
    drawing = engine.generate(plan, whole.keys(), SAMPLED)
    before = {request.key: completion for request, completion in islice(drawing, 5)}
    drawing.close()

    rest = drawn(engine, plan, SAMPLED, missing=whole.keys() - before.keys())

    assert rest.keys() == whole.keys() - before.keys()
    assert before | rest == whole


def test_more_prompts_than_are_computed_at_once_are_drawn(engine):
    """40 of 480 tokens each, with seeds: the engine may not take the part of one that fits."""
    plan = plan_of([f"{place:03}" + "x" * 477 for place in range(40)])

    found = drawn(engine, plan, SAMPLED)

    assert {completion.prompt_tokens for completion in found.values()} == {480}
    assert len(found) == 40


def test_the_end_of_the_context_cuts_a_text_off(engine):
    """Of 512 places, 509 hold the prompt; another prompt holds all, and has no room."""
    fits, full = drawn(engine, plan_of(["x" * 509, "x" * 512]), GREEDY).values()

    assert {fits.finish_reason, full.finish_reason} == {"length", "context"}
    assert {(fits.prompt_tokens, fits.tokens), (full.prompt_tokens, full.tokens)} == {(509, 3), (512, 0)}


def test_the_producer_says_who_draws(engine, reference):
    """The options of the engine are among it, and that rounding may tip a sample."""
    producer = engine.producer

    assert (producer.backend, producer.dtype, producer.weights) == ("vllm", "float32", reference.producer.weights)
    assert producer.versions.keys() == {"torch", "transformers", "vllm"}
    assert producer.options == {"device": "cpu", "dtype": "float32", "enforce_eager": "True"}
    assert "rounds" in producer.repeatable
    assert msgspec.json.decode(msgspec.json.encode(producer), type=Producer) == producer


@pytest.mark.parametrize("option", ["tensor_paralel_size", "enable_prefix_caching"])
def test_an_option_that_is_not_to_be_chosen_is_told(tiny_model, option):
    """Misspelt, or the backend's own."""
    with pytest.raises(UserError, match=f"there is no {option}"), vllm.load(str(tiny_model), {option: 1}):
        pass


def test_an_engine_that_does_not_start_is_told(tiny_model):
    """In one line."""
    with (
        pytest.raises(UserError, match="vLLM can't load") as caught,
        vllm.load(str(tiny_model), OPTIONS | {"max_model_len": 10**6}),
    ):
        pass

    assert "\n" not in str(caught.value)


def test_an_adapter_goes_over_its_base_until_the_engine_dies(tiny_adapter, engine, reference):
    """Its greedy completions are those of transformers; a dead engine is told as what went away."""
    others = set(psutil.Process().children(recursive=True))
    with (
        transformers.load(str(tiny_adapter), {"dtype": "float32", "device": "cpu", "merge": False}) as expected,
        vllm.load(str(tiny_adapter), OPTIONS) as adapted,
    ):
        found = drawn(adapted, plan_of(ALL), GREEDY)
        assert found == drawn(expected, plan_of(ALL), GREEDY)
        assert found != drawn(reference, plan_of(ALL), GREEDY)

        drawing = adapted.generate(plan_of(ALL, n=50), {r.key for r in plan_of(ALL, n=50)}, SAMPLED)
        next(drawing)
        for process in set(psutil.Process().children(recursive=True)) - others:
            if process.name().startswith("VLLM::EngineCor"):
                process.kill()
        with pytest.raises(Unavailable, match="vLLM's engine died"):
            list(drawing)
    assert drawn(engine, plan_of(ALL), GREEDY)  # the other is alive
