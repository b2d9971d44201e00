"""The backend transformers, on a real model."""

import json
import re
import shutil
from functools import wraps

import msgspec
import numpy as np
import pytest
import tiny_model as tiny
from drawing import CHAT, ENDING, GREEDY, PROMPTS, SAMPLED, drawn, plan_of

from harness.errors import UserError
from harness.generation.backends.transformers import transformers

pytestmark = pytest.mark.slow


def texts(engine, prompts, sampling=GREEDY):
    """Return the text that follows each prompt."""
    return [completion.text for completion in in_order(engine, plan_of(prompts), sampling)]


def in_order(engine, plan, sampling):
    """Return the completions in the order of the plan."""
    found = drawn(engine, plan, sampling)
    return [found[request.key] for request in plan]


def load(folder, **options):
    """Load a model in full precision."""
    return transformers.load(str(folder), {"dtype": "float32", "device": "cpu"} | options)


@pytest.fixture(scope="module")
def engine(tiny_model):
    """Return the tiny model, ready."""
    with load(tiny_model) as engine:
        yield engine


@pytest.fixture(scope="module")
def plain(tiny_model):
    """Return a function that continues a text, or a list of tokens, with `generate` alone."""
    import torch  # noqa: PLC0415 - whoever only collects tests needn't wait
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="float32")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)

    def continued(prompt, max_tokens=GREEDY.max_tokens):
        if isinstance(prompt, str):
            ids = tokenizer(prompt)["input_ids"]
        else:
            messages = msgspec.to_builtins(prompt)
            ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        ids = torch.tensor([ids])
        after = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=max_tokens, do_sample=False)
        return tokenizer.decode(after[0, ids.shape[1] :], skip_special_tokens=True)

    return continued


@pytest.fixture
def copy(tiny_model, tmp_path):
    """Return a copy of the tiny model's folder, to be changed."""
    return shutil.copytree(tiny_model, tmp_path / "copy")


@pytest.fixture
def watched(monkeypatch):
    """Return the sizes of the batches that were drawn, and the number of samples from which on memory runs out."""
    import torch  # noqa: PLC0415

    from harness.generation.backends import decoding  # noqa: PLC0415

    sizes, hungry, generate_batch = [], [10**6], decoding.generate_batch

    def watching(model, batch, *arguments, **options):
        if len(batch) >= hungry[0]:
            torch.empty(1 << 60, dtype=torch.uint8)  # fails as it does when a batch is too large
        sizes.append(len(batch))
        return generate_batch(model, batch, *arguments, **options)

    monkeypatch.setattr(decoding, "generate_batch", watching)
    return sizes, hungry


@pytest.mark.parametrize("size", [1, 4, 64])
def test_greedy_text_is_that_of_generate_prompt_by_prompt(tiny_model, plain, size):
    """Padding and batches change nothing in full precision."""
    with load(tiny_model, batch_size=size) as engine:
        assert texts(engine, PROMPTS) == [plain(prompt) for prompt in PROMPTS]


def test_a_sample_depends_on_its_own_seed_only(engine):
    """Drawn alone or among others, it is the same."""
    plan = plan_of(PROMPTS, n=4)

    together = drawn(engine, plan, SAMPLED)

    assert together == {request.key: drawn(engine, [request], SAMPLED)[request.key] for request in plan}
    assert len({together[request.key].text for request in plan}) > 20


def test_the_same_seed_draws_the_same_sample(engine):
    """Whatever its index."""
    plan = [msgspec.structs.replace(request, seed=7) for request in plan_of(PROMPTS[:1], n=2)]

    first, second = in_order(engine, plan, SAMPLED)

    assert first == second


def chosen(seeds, probabilities, *warpers):
    """Return the token that each seed's first number falls on."""
    import torch  # noqa: PLC0415

    from harness.generation.backends.decoding import SeededChoice  # noqa: PLC0415

    scores = torch.tensor([probabilities]).log().repeat(len(seeds), 1)
    ids = torch.zeros(len(seeds), 3, dtype=torch.int64)
    for warper in warpers:
        scores = warper(ids, scores)
    return SeededChoice(seeds, start=3, limit=1, device=torch.device("cpu"))(ids, scores).argmax(-1).tolist()


def test_a_number_falls_on_the_token_whose_stretch_it_lies_in():
    """0.25, 0.125, 0.5 and 0.125 end at 0.25, 0.375, 0.875 and 1."""
    numbers = [np.random.Generator(np.random.Philox(seed)).random() for seed in range(400)]

    tokens = chosen(range(400), [0.25, 0.125, 0.5, 0.125])

    assert tokens == [sum(number >= end for end in (0.25, 0.375, 0.875)) for number in numbers]


def test_temperature_and_top_p_come_first():
    """At 0.5, probabilities are squared, to 4 : 1 : 16 : 1; 0.9 of that are the first and the third, 1/5 and 4/5."""
    from transformers import TemperatureLogitsWarper, TopPLogitsWarper  # noqa: PLC0415

    numbers = [np.random.Generator(np.random.Philox(seed)).random() for seed in range(400)]

    tokens = chosen(range(400), [0.25, 0.125, 0.5, 0.125], TemperatureLogitsWarper(0.5), TopPLogitsWarper(0.9))

    assert tokens == [0 if number < 1 / 5 else 2 for number in numbers]


def computed(engine, monkeypatch):
    """Return a list of the rows and tokens that the model is given to compute from now on."""
    seen, forward = [], engine._model.forward  # noqa: SLF001

    @wraps(forward)
    def noted(*args, **kwargs):
        seen.append(tuple(kwargs["input_ids"].shape))
        return forward(*args, **kwargs)

    monkeypatch.setattr(engine._model, "forward", noted)  # noqa: SLF001
    return seen


def test_a_prompt_is_computed_once_for_its_samples(engine, monkeypatch):
    """Ten samples of one prompt: its tokens but the last, once; then a token for each of the ten."""
    seen = computed(engine, monkeypatch)

    found = drawn(engine, plan_of(["for x in range(10):\n"], n=10), SAMPLED)

    (prompt_tokens,) = {completion.prompt_tokens for completion in found.values()}
    assert seen[0] == (1, prompt_tokens - 1)
    assert set(seen[1:]) == {(10, 1)}


def test_the_token_that_ends_a_text_ends_it(engine, plain):
    """It counts as drawn, and isn't part of the text, even while other texts of the batch go on."""
    ended, goes_on = in_order(engine, plan_of([ENDING, "1+1"]), GREEDY)

    assert (ended.finish_reason, ended.tokens) == ("stop", 4 - 1)
    assert ended.text == plain(ENDING)
    assert (goes_on.finish_reason, goes_on.tokens) == ("length", 16)


def test_a_model_without_such_a_token_goes_on(copy):
    """Up to the limit."""
    (copy / "generation_config.json").unlink()
    (copy / "config.json").write_text(
        (copy / "config.json").read_text().replace('"eos_token_id": 0', '"eos_token_id": null')
    )

    with load(copy) as endless:
        (completion,) = in_order(endless, plan_of([ENDING]), GREEDY)

    assert (completion.finish_reason, completion.tokens) == ("length", 16)


def test_a_stop_string_ends_a_text(engine):
    """The text stands before it; the others go on."""
    whole, other = texts(engine, ["1+1", "for x in"])
    stop = whole[7:10]

    stopped, still_other = in_order(engine, plan_of(["1+1", "for x in"]), msgspec.structs.replace(GREEDY, stop=(stop,)))

    assert (stopped.text, stopped.finish_reason) == (whole[: whole.find(stop)], "stop")
    assert stopped.tokens < 16
    assert still_other.text == other


def test_a_stop_string_may_not_begin_in_the_prompt(engine):
    """What stands half in the prompt is no part of the completion."""
    (text,) = texts(engine, ["for x in"])

    stopped = texts(engine, ["for x in"], msgspec.structs.replace(GREEDY, stop=("n" + text[0],)))

    assert stopped == [text]


def test_the_end_of_the_context_cuts_a_text_off(tmp_path):
    """Of 16 places, 13 hold the prompt; another prompt holds more than all, and has no room."""
    with load(tiny.build(tmp_path, context=16)) as engine:
        fits, full = in_order(engine, plan_of(["x" * 13, "x" * 16]), GREEDY)

    assert (fits.finish_reason, fits.prompt_tokens, fits.tokens) == ("length", 13, 3)
    assert (full.finish_reason, full.prompt_tokens, full.tokens, full.text) == ("context", 16, 0, "")


def test_a_chat_goes_through_the_models_template(engine, plain):
    """Up to where the answer begins."""
    assert texts(engine, [CHAT]) == [plain(CHAT)]


def test_a_chat_needs_a_template(tmp_path):
    """A base model has none."""
    with load(tiny.build(tmp_path, chat=False)) as engine, pytest.raises(UserError, match="no chat template"):
        texts(engine, [CHAT])


def test_an_adapter_goes_over_its_base(tiny_model, tiny_adapter, tmp_path, engine):
    """Merged in memory, beside the weights, or merged into a folder of its own: the same text."""
    from peft import PeftModel  # noqa: PLC0415
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    shutil.copytree(tiny_model, tmp_path / "merged", ignore=lambda *_: ["model.safetensors"])
    base = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="float32")
    PeftModel.from_pretrained(base, tiny_adapter).merge_and_unload().save_pretrained(tmp_path / "merged")
    with load(tmp_path / "merged") as merged:
        expected = texts(merged, PROMPTS)

    with load(tiny_adapter) as in_memory, load(tiny_adapter, merge=False) as beside:
        assert texts(in_memory, PROMPTS) == expected
        assert texts(beside, PROMPTS) == expected
    assert texts(engine, PROMPTS) != expected


def test_what_the_model_says_of_sampling_is_let_go_of(copy, engine):
    """Only what the run asks for counts; a penalty would change even greedy text."""
    config = json.loads((copy / "generation_config.json").read_text())
    config |= {"do_sample": True, "temperature": 9.0, "top_k": 1, "repetition_penalty": 5.0, "max_new_tokens": 2}
    (copy / "generation_config.json").write_text(json.dumps(config))

    with load(copy) as opinionated:
        for sampling in (GREEDY, SAMPLED):
            assert texts(opinionated, PROMPTS, sampling) == texts(engine, PROMPTS, sampling)


def test_where_memory_runs_out_smaller_batches_go_on(tiny_model, engine, watched, capsys):
    """12 samples at once are too many, and 6 are; 3 are drawn, and told of."""
    sizes, hungry = watched
    expected = drawn(engine, plan_of(PROMPTS, n=2), SAMPLED)
    sizes.clear()
    hungry[0] = 4

    with load(tiny_model) as small:
        assert drawn(small, plan_of(PROMPTS, n=2), SAMPLED) == expected

    assert sizes == [3, 3, 3, 3]
    assert [line for line in capsys.readouterr().err.splitlines() if "memory" in line] == [
        "proctor: out of memory with 12 samples at once: going on with 6",
        "proctor: out of memory with 6 samples at once: going on with 3",
    ]


def test_where_a_single_sample_is_too_much_the_user_is_told(tiny_model, watched):
    """There is nothing left to halve."""
    watched[1][0] = 1

    with load(tiny_model) as engine, pytest.raises(UserError, match="out of memory at task task 0, generated alone"):
        drawn(engine, plan_of(["x"]), GREEDY)


def test_other_failures_are_no_lack_of_memory(engine, monkeypatch):
    """They surface."""
    from harness.generation.backends import decoding  # noqa: PLC0415

    def broken(*_, **__):
        raise RuntimeError("sizes don't match")

    monkeypatch.setattr(decoding, "generate_batch", broken)

    with pytest.raises(RuntimeError, match="sizes don't match"):
        drawn(engine, plan_of(["x"]), GREEDY)


def test_batches_of_which_nothing_is_missing_are_skipped_and_the_others_drawn_whole(tiny_model, watched):
    """So a run that was killed repeats the arithmetic of the batches that it hadn't finished, and yields the rest."""
    sizes, _ = watched
    plan = plan_of(PROMPTS, n=4)
    with load(tiny_model, batch_size=8) as engine:
        whole = drawn(engine, plan, SAMPLED)
        assert sizes == [8, 8, 8]
        sizes.clear()
        missing = {plan[0].key, plan[1].key}

        again = drawn(engine, plan, SAMPLED, missing)

    assert sizes == [8]
    assert again.keys() == missing
    assert again.items() <= whole.items()


def test_a_row_is_there_before_the_others_of_its_batch_have_ended(engine):
    """One ends after 3 tokens, the other goes on to its limit of 64: at the next pause the first is yielded."""
    long = msgspec.structs.replace(GREEDY, max_tokens=64)
    plan = plan_of(["1+1", ENDING])

    coming = engine.generate(plan, {request.key for request in plan}, long)
    first = next(coming)
    under_way = engine.under_way
    (second,) = coming

    assert (first.request.key, first.completion.tokens) == (plan[1].key, 3)
    assert under_way == "batch 1 of 1 at token 8 of 64"
    assert (second.request.key, second.completion.tokens) == (plan[0].key, 64)


def test_nothing_more_is_computed_once_the_last_missing_row_has_ended(engine, monkeypatch):
    """The missing row ends after 3 tokens; the other, which was drawn before, would go on to 64."""
    seen = computed(engine, monkeypatch)
    long = msgspec.structs.replace(GREEDY, max_tokens=64)
    plan = plan_of(["1+1", ENDING])

    ((request, completion),) = engine.generate(plan, {plan[1].key}, long)

    assert (request.key, completion.tokens) == (plan[1].key, 3)
    assert seen[1:] == [(2, 1)] * 8


def test_a_batch_that_was_cut_short_goes_on_to_the_same_samples(engine):
    """Whichever rows of it were there when it was killed."""
    plan, sampling = plan_of(PROMPTS, n=3), msgspec.structs.replace(SAMPLED, max_tokens=40)
    whole = drawn(engine, plan, sampling)
    for kept in (1, 5, len(plan) - 1):
        coming = engine.generate(plan, {request.key for request in plan}, sampling)
        there = dict(next(coming) for _ in range(kept))
        coming.close()
        there = {request.key: completion for request, completion in there.items()}

        rest = drawn(engine, plan, sampling, {request.key for request in plan} - there.keys())

        assert there | rest == whole


FEW_SHOT = "".join(f"def add_{number}(a):\n    return a + {number}\n\n" for number in range(12))
"""What the prompts of a few-shot card begin with."""


def test_what_prompts_begin_with_in_common_is_computed_once(engine, plain, monkeypatch):
    """Once alone, then the rest of each, then a token each; the text is that of `generate`, prompt by prompt."""
    seen = computed(engine, monkeypatch)
    prompts = [f"{FEW_SHOT}{prompt}" for prompt in PROMPTS]

    found = in_order(engine, plan_of(prompts), GREEDY)

    sizes = [completion.prompt_tokens for completion in found]
    (one, common), (rows, rest) = seen[:2]
    assert (one, rows) == (1, len(PROMPTS))
    assert min(sizes) > common >= 32
    assert rest == max(sizes) - 1 - common
    assert set(seen[2:]) == {(len(PROMPTS), 1)}
    assert [completion.text for completion in found] == [plain(prompt) for prompt in prompts]


def test_a_model_with_a_window_computes_each_prompt_alone(tmp_path, monkeypatch):
    """Its window counts places, so padding between what is common and the rest would take some."""
    from harness.generation.backends import decoding  # noqa: PLC0415

    prompts = [(*range(5, 55), 7), (*range(5, 55), 8, 9, 10)]
    with load(tiny.build(tmp_path)) as engine:
        model = engine._model  # noqa: SLF001
        assert decoding._padded(prompts, model)[2] == 49  # noqa: SLF001
        monkeypatch.setattr(model.config, "sliding_window", 16)
        ids, mask, common = decoding._padded(prompts, model)  # noqa: SLF001

    assert common == 0
    assert mask.tolist() == [[0, 0, *[1] * 51], [1] * 53]
    assert ids[0, :3].tolist() == [0, 0, 5]


def test_the_time_left_of_batches_before_a_sample_has_ended():
    """8 tokens took 16 s: 24 more of this batch and 64 of two others take at most 176 s; a sample tells it better."""
    from harness.generation.backends.common import batches  # noqa: PLC0415
    from harness.generation.backends.decoding import BatchProgress  # noqa: PLC0415
    from harness.generation.backends.transformers import UnderWay  # noqa: PLC0415
    from harness.generation.tokens import PromptedRow  # noqa: PLC0415

    now_s = [0.0]
    first, *later = batches([PromptedRow(request, (1,), 32) for request in plan_of(["x"] * 6)], 2)
    under_way = UnderWay(lambda: now_s[0])
    assert under_way.text() == ""
    progress = BatchProgress()
    under_way.begin(first, later, progress)
    assert under_way.text() == "batch 1 of 3 at token 0 of 32"

    progress.tokens, now_s[0] = 8, 16.0
    assert under_way.text() == "batch 1 of 3 at token 8 of 32, at most 0:02:56 left"

    under_way.silent = False
    assert under_way.text() == "batch 1 of 3 at token 8 of 32"


def test_what_is_loaded_and_how_many_batches_are_said_first(tiny_model, capsys):
    """Size, type, device and threads; then the batches, before the first is computed."""
    with load(tiny_model, batch_size=4) as engine:
        loaded = capsys.readouterr().err
        plan = plan_of(PROMPTS)
        next(engine.generate(plan, {request.key for request in plan}, GREEDY))

    assert re.fullmatch(
        rf"proctor: loaded {tiny_model}: [0-9.]+ million parameters in float32 on cpu \(\w+\), 1 thread .*\n", loaded
    )
    assert capsys.readouterr().err == "proctor: 6 samples to generate, in 2 batches of at most 4\n"


def test_nothing_missing_draws_nothing(engine, watched):
    """Not even for a prompt that is too long."""
    assert drawn(engine, plan_of([*PROMPTS, "x" * 3000]), SAMPLED, missing=set()) == {}
    assert watched[0] == []
