"""The rows of shared/data/field/training: models and tokenizers as they are in the field, through the command line."""

import json
import runpy
import shutil
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.cli.main import run
from harness.generation.loading import load_model, load_tokenizer
from harness.generation.models import model_token_counter
from harness.generation.tokens import Tokens
from trainers.dataset import encode, load_token_counter
from trainers.groups import Group, read_groups, write_groups

pytestmark = pytest.mark.slow

FIELD = Path(__file__).parents[2].parent / "shared" / "data" / "field" / "training"
if not (FIELD / "make_models.py").is_file():
    pytest.skip(f"needs {FIELD}", allow_module_level=True)


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Make the models once; return their folder."""
    folder = tmp_path_factory.mktemp("field")
    assert run(["miniature", "base", "--out", str(folder / "base")]) == 0
    before = sys.argv
    sys.argv = ["make_models.py", str(folder / "base"), str(folder / "models")]
    try:
        runpy.run_path(str(FIELD / "make_models.py"))
    finally:
        sys.argv = before
    return folder / "models"


@pytest.fixture
def train(models, tmp_path, capsys):
    """Return a function that trains a model, and returns the exit code with what was said on stderr."""

    def trained(model, *options, groups="g_short", out="out"):
        capsys.readouterr()
        given = ["train", "sft", "--groups", str(models / groups), "--model", str(models / model)]
        code = run([*given, "--out", str(tmp_path / out), "--learning-rate", "1e-5", *options])
        return code, capsys.readouterr().err

    return trained


@pytest.fixture
def generate(tmp_path):
    """Return a function that generates a greedy sample for one task, and returns the row."""

    def generated(model, tokens):
        given = ["generate", "--benchmark", "mini", "--limit", "1", "--model", str(model), "--backend", "transformers"]
        how = ["--prompt-card", "apps", "--n", "1", "--temperature", "0", "--max-tokens", str(tokens)]
        out = tmp_path / f"run-{model.name}-{tokens}"
        assert run([*given, *how, "--out", str(out)]) == 0
        return json.loads((out / "samples.jsonl").read_text())

    return generated


def changed(before, after):
    """Return how many tensors differ between two folders."""
    one, other = (load_file(folder / "model.safetensors") for folder in (before, after))
    return sum(not torch.equal(one[name].float(), other[name].float()) for name in other)


def lines(text):
    """Return the lines that tell a fault."""
    return [line for line in text.splitlines() if line.startswith("proctor: ")]


@pytest.mark.parametrize(
    ("model", "groups", "told"),
    [
        ("m_missing_layer", "g_short", "9 weights are missing"),
        ("m_prefix_compile", "g_short", "names begin with _orig_mod."),
        ("m_softcap_gemma3", "g_short", "final_logit_softcapping"),
        ("m_scale_cohere", "g_short", "logit_scale"),
        ("m_vocabulary_40", "g_short", "the model's table ends at 39"),
        ("m_nosdpa_gemma2", "g_short", "--attention eager"),
    ],
)
def test_a_model_that_can_not_be_trained_is_refused_in_one_line(train, tmp_path, model, groups, told):
    """Before the first step; nothing is written of a checkpoint."""
    code, said = train(model, "--max-steps", "2", groups=groups)

    assert code == 2
    assert told in lines(said)[-1]
    assert "Traceback" not in said
    assert not (tmp_path / "out" / "model.safetensors").exists()


@pytest.mark.parametrize("kind", ["mistral", "mixtral", "phi3", "qwen2", "gemma3"])
def test_a_window_is_heeded_in_packed_rows_as_in_padded_ones(train, tmp_path, kind):
    """The texts are longer than the window, so one that was ignored would change the loss."""
    losses = {}
    for packing in ("on", "off"):
        code, said = train(
            f"m_window_{kind}", "--max-steps", "1", "--packing", packing, groups="g_long", out=f"packing-{packing}"
        )
        assert code == 0, said
        losses[packing] = json.loads((tmp_path / f"packing-{packing}" / "metrics.jsonl").read_text())["loss"]

    assert losses["on"] == pytest.approx(losses["off"], rel=1e-6)


def test_the_first_step_changes_the_weights(train, tmp_path, models):
    """A warmup from 0 would leave them."""
    assert train("m_llama", "--max-steps", "1")[0] == 0
    assert changed(models / "m_llama", tmp_path / "out") > 0


@pytest.mark.parametrize(("model", "groups"), [("m_space_metaspace", "g_short"), ("m_llama", "g_special")])
def test_the_tokens_of_a_target_are_those_of_the_program(models, model, groups):
    """A space that the tokenizer begins with, and an end that the program spells."""
    tokenizer = AutoTokenizer.from_pretrained(models / model)
    end = tokenizer.eos_token_id

    for group in read_groups(models / groups):
        encoded = encode(group, Tokens(tokenizer), end)
        before = tokenizer.decode(encoded.prompt, skip_special_tokens=True)
        for completion, tokens in zip(group.completions, encoded.completions, strict=True):
            assert tokens.index(end) == len(tokens) - 1
            assert tokenizer.decode((*encoded.prompt, *tokens[:-1]), skip_special_tokens=True) == before + completion


@pytest.mark.parametrize("model", ["m_eos_config_other", "m_eos_agree"])
def test_a_program_learned_by_heart_ends_where_it_ends(models, tmp_path, capsys, generate, model):
    """The end that was taught stops the text, and the checkpoint names it; where the files differ that is said."""
    program, prompt = "print(input())\n", generate(models / model, 1)["prompt"]
    group = Group(
        problem_id="p0", prompt=prompt, completions=(program, "x"), rewards=(1.0, -0.1),
        statuses=("Accepted", "Wrong Answer"), source_ids=("a", "b"),
    )  # fmt: skip
    write_groups(tmp_path / "groups.parquet", [group] * 2)
    capsys.readouterr()
    given = ["train", "sft", "--groups", str(tmp_path / "groups.parquet"), "--model", str(models / model)]

    assert run([*given, "--out", str(tmp_path / "out"), "--max-steps", "40", "--learning-rate", "1e-3"]) == 0
    said = capsys.readouterr().err
    sample = generate(tmp_path / "out", 60)

    assert (sample["completion"], sample["finish_reason"]) == (program, "stop")
    ends = json.loads((tmp_path / "out" / "generation_config.json").read_text())["eos_token_id"]
    assert 512 in (ends if isinstance(ends, list) else [ends])
    assert ("several ends" in said) == (model == "m_eos_config_other")


@pytest.mark.parametrize("model", ["m_recurrent_mamba", "m_opinions"])
def test_other_models_generate(models, generate, model):
    """A state that can't be copied, and a generation config full of opinions."""
    assert generate(models / model, 20)["tokens"] > 0


def test_a_stored_truncation_counts_for_nothing(models):
    """It cuts at 16 tokens; what is longer must be seen to be so, by whoever counts, trains or generates."""
    text = "print(1)\n" * 40
    plain = load_token_counter(models.parent / "base")

    assert load_token_counter(models / "t_truncation")(text) == plain(text) > 16
    assert model_token_counter(models / "t_truncation")(text) == plain(text)
    stored = models / "t_truncation"
    shutil.copy(models / "m_llama" / "tokenizer_config.json", stored)
    assert len(Tokens(load_tokenizer(stored)).of(text)) == plain(text)


def test_what_an_adapter_reaches_of_experts_is_told(train):
    """And dropout that can't be had is one line."""
    code, said = train("m_moe_qwen2", "--max-steps", "2", "--lora-rank", "8")
    assert code == 0 or "--lora-dropout 0" in said
    code, said = train("m_window_mixtral", "--max-steps", "2", "--lora-rank", "8", "--packing", "off", out="other")
    assert code == 2
    assert "give --lora-dropout 0" in lines(said)[-1]
    code, said = train("m_moe_qwen2", "--max-steps", "2", "--lora-rank", "8", "--lora-dropout", "0.0", out="third")
    assert code == 0
    assert "of the weights of the blocks" in said


def test_a_plan_of_gpt_2(models, capsys):
    """Its config names its widths otherwise, and its attention has a dropout, which packed rows leave out."""
    given = ["train", "sft", "--groups", str(models / "g_short"), "--model", str(models / "m_gpt2"), "--plan"]

    assert run(given) == 0
    assert "the plan with --packing off" in lines(capsys.readouterr().err)[-1]


def test_two_ends_are_kept_and_both_stop_a_text(models, tmp_path, train):
    """Models that follow instructions have two."""
    model = shutil.copytree(models / "m_llama", tmp_path / "model")
    (model / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, 7]}))

    assert train(model, "--max-steps", "1")[0] == 0

    assert set(json.loads((tmp_path / "out" / "generation_config.json").read_text())["eos_token_id"]) >= {0, 7}
    assert {0, 7} <= set(load_model(tmp_path / "out", dtype="auto").ends)


def test_a_shard_that_the_index_names_must_be_there(models, tmp_path, train):
    """Its weights would be random."""
    model = tmp_path / "model"
    AutoModelForCausalLM.from_pretrained(models / "m_llama").save_pretrained(model, max_shard_size="20KB")
    AutoTokenizer.from_pretrained(models / "m_llama").save_pretrained(model)
    shards = sorted(model.glob("model-*.safetensors"))
    assert len(shards) > 1
    shards[1].unlink()

    code, said = train(model, "--max-steps", "1")

    assert code == 2
    assert shards[1].name in lines(said)[-1]
    assert "Traceback" not in said


def test_a_blank_before_a_program_costs_no_verdict(tmp_path):
    """Tokenizers that mark words give it; what is left of another program's end makes its own error."""
    samples = FIELD / "T03_leading_space.jsonl"

    assert run(["score", str(samples), "--benchmark", "mini", "--out", str(tmp_path / "out")]) == 0

    rows = map(json.loads, (tmp_path / "out" / "evaluations.jsonl").read_text().splitlines())
    assert {row["policy"]: row["verdict"] for row in rows} == {
        "as-written": "accepted",
        "as-trained-on-sentencepiece": "accepted",
        "as-trained-two-statements": "accepted",
        "past-the-end": "runtime_error",
    }
