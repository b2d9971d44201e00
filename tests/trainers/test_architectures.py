"""Tiny random models of the usual architectures load, train packed and padded as they compute themselves, and generate.

`docs/models.md` has the table; a test holds it to this one.
"""

import json
import shutil
from functools import cache, partial
from pathlib import Path

import pytest
import tiny_policy
import torch
import transformers
from drawing import GREEDY
from transformers import CONFIG_MAPPING, AutoModelForCausalLM

from harness.errors import UserError
from harness.generation.backend import Request
from harness.generation.backends import decoding
from harness.generation.backends.transformers import transformers as backend
from harness.generation.loading import load_model
from harness.generation.tokens import PromptedRow
from trainers.config import TrainingOptions
from trainers.dataset import Encoded
from trainers.objective import WeightedLikelihood, token_weights
from trainers.packing import packed, padded
from trainers.trainable import refuse_disagreement, refuse_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),  # the library's, of itself
]

END = 256
SIZES = {
    "vocab_size": 257, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "head_dim": 16, "initializer_range": 0.5, "pad_token_id": END, "bos_token_id": END,
    "eos_token_id": END,
}  # fmt: skip
FEW_KEYS = SIZES | {"num_key_value_heads": 1}
OLD = {
    "vocab_size": 257, "n_embd": 32, "n_layer": 2, "n_head": 2, "initializer_range": 0.5, "bos_token_id": END,
    "eos_token_id": END,
}  # fmt: skip
EXPERTS = FEW_KEYS | {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
LATENT = SIZES | {
    "head_dim": 8, "kv_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 16, "v_head_dim": 16, "n_group": 1,
    "topk_group": 1, "n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2, "first_k_dense_replace": 1,
    "moe_intermediate_size": 24,
}  # fmt: skip
LINEAR = {
    "linear_num_value_heads": 2, "linear_num_key_heads": 1, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
    "layer_types": ["linear_attention", "full_attention"],
}  # fmt: skip
HEADS = {"num_attention_heads": 2, "num_hidden_layers": 2}
WORDS = {"vocab_size": 257, "hidden_size": 32, "bos_token_id": END, "eos_token_id": END}
STATES = WORDS | {"num_hidden_layers": 2, "state_size": 8, "pad_token_id": END}

STATE = "keeps a state along the sequence"
SCALED, CAPPED = "scales its logits", "caps its logits"
EAGER = "give --attention eager --packing off"
ARCHITECTURES = {
    "llama": ({}, FEW_KEYS, ""),
    "mistral": ({}, FEW_KEYS, ""),
    "mixtral": ({}, EXPERTS, ""),
    "qwen2": ({}, FEW_KEYS, ""),
    "qwen2_moe": ({"shared_expert_intermediate_size": 24}, EXPERTS, ""),
    "qwen3": ({}, FEW_KEYS, ""),
    "qwen3_moe": ({}, EXPERTS, ""),
    "qwen3_next": ({"shared_expert_intermediate_size": 24} | LINEAR, EXPERTS, STATE),
    "deepseek_v2": ({"q_lora_rank": None}, LATENT, ""),
    "deepseek_v3": ({"q_lora_rank": 16}, LATENT, ""),
    "phi": ({}, SIZES, ""),
    "phi3": ({}, FEW_KEYS, ""),
    "starcoder2": ({}, FEW_KEYS, ""),
    "gpt_bigcode": ({"attn_pdrop": 0.0}, OLD, ""),
    "gpt2": ({"attn_pdrop": 0.0}, OLD, ""),
    "gpt_neox": ({}, SIZES, ""),
    "gptj": ({"rotary_dim": 8}, OLD, EAGER),
    "codegen": ({"rotary_dim": 8, "n_head": 4}, OLD, EAGER),
    "opt": ({"ffn_dim": 48, "word_embed_proj_dim": 32, "init_std": 0.5, "pad_token_id": 1}, WORDS | HEADS, ""),
    "falcon": ({"initializer_range": 0.5}, WORDS | HEADS, "can't be computed as training does it"),
    "falcon, alibi": (
        {"initializer_range": 0.5, "alibi": True},
        WORDS | HEADS,
        "can't be computed as training does it",
    ),
    "bloom": ({}, OLD | WORDS, EAGER),
    "stablelm": ({}, FEW_KEYS, ""),
    "olmo2": ({}, FEW_KEYS, ""),
    "olmo3": ({}, FEW_KEYS, ""),
    "smollm3": ({}, FEW_KEYS, ""),
    "glm4": ({}, FEW_KEYS, ""),
    "granite": ({}, FEW_KEYS, ""),
    "granite, scaled": ({"logits_scaling": 8.0}, FEW_KEYS, SCALED),
    "cohere": ({}, FEW_KEYS, SCALED),
    "cohere2": ({}, FEW_KEYS, SCALED),
    "gemma": ({}, FEW_KEYS, ""),
    "gemma2": ({}, FEW_KEYS, EAGER),
    "gemma3_text": ({}, FEW_KEYS, ""),
    "nanochat": ({}, FEW_KEYS, CAPPED),
    "lfm2": ({"layer_types": ["conv", "full_attention"]}, FEW_KEYS, STATE),
    "falcon_h1": ({"mamba_d_ssm": 32, "mamba_n_heads": 2, "mamba_d_head": 16, "mamba_d_state": 8}, FEW_KEYS, STATE),
    "mamba": ({}, STATES, EAGER),
    "mamba2": ({"num_heads": 4, "head_dim": 16, "n_groups": 1}, STATES, EAGER),
}
"""Name -> settings of its own, shared ones, and what `--attention sdpa --packing on` says: nothing where it trains."""
PACKED = [name for name, (_, _, said) in ARCHITECTURES.items() if not said]
NEVER = {"granite, scaled", "cohere", "cohere2", "gemma2", "nanochat"}
"""Refused with padded rows, too."""


def config_of(name):
    """Return the config of an architecture; what comes behind a comma is a variant of it."""
    own, shared, _ = ARCHITECTURES[name]
    return CONFIG_MAPPING[name.partition(",")[0]](**shared | own)


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Return a function that writes a model, and loads it as training and generation do."""
    transformers.utils.logging.set_verbosity(100)  # advice to install other kernels

    @cache
    def written(name):
        folder = tmp_path_factory.mktemp("model")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            AutoModelForCausalLM.from_config(config_of(name)).save_pretrained(folder)
        tiny_policy.bytes_tokenizer().save_pretrained(folder)
        return folder

    @cache
    def loaded(name, attention):
        return load_model(written(name), dtype=torch.float32, attention=attention).model.eval()

    return loaded


def policy_of(model):
    """Return a model as training calls it."""
    return WeightedLikelihood(model, chunk=7, dtype=torch.float32)


def tokens(*lengths):
    """Return lists of random tokens."""
    numbers = torch.Generator().manual_seed(3)
    return tuple(tuple(torch.randint(2, END, (length,), generator=numbers).tolist()) for length in lengths)


def group():
    """Return a group of uneven completions, with the weight of each token."""
    prompt, *completions = tokens(7, 5, 1, 9, 4)
    lengths = torch.tensor([len(one) for one in completions])
    weights = token_weights(torch.tensor([1.0, -0.5, 0.7, -1.2]), lengths, token_mean=False)
    return Encoded(prompt, tuple(completions)), weights


def gradient(model):
    """Return the gradient of all weights as one list, and take it away."""
    found = torch.cat(
        [
            torch.zeros_like(weight).flatten() if weight.grad is None else weight.grad.flatten()
            for weight in model.parameters()
        ]
    )
    model.zero_grad()
    return found


def by_itself(model, encoded, weights):
    """Return log-probabilities and gradient by the model's own logits, a completion at a time."""
    found = []
    for completion in encoded.completions:
        row = torch.tensor([[*encoded.prompt, *completion]])
        logits = model(input_ids=row, use_cache=False).logits[0, :-1]
        found.append(logits.log_softmax(-1).gather(1, row[0, 1:, None])[-len(completion) :, 0])
    log_probs = torch.cat(found)
    (-weights @ log_probs).backward()
    return log_probs.detach(), gradient(model)


def as_trained(model, rows, weights):
    """Return log-probabilities and gradient of training."""
    loss, log_probs = policy_of(model)(rows, weights)
    loss.backward()
    return log_probs, gradient(model)


def assert_same(found, expected):
    """Compare log-probabilities and gradient, each to 1e-5."""
    torch.testing.assert_close(found[0], expected[0], rtol=1e-5, atol=1e-5)
    assert (found[1] - expected[1]).norm() <= 1e-5 * expected[1].norm()


def refusal(model, options):
    """Return what training says of a model; nothing where it trains it."""
    try:
        refuse_model(model, options)
        refuse_disagreement(policy_of(model), torch.float32, packing=options.packing)
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", PACKED)
def test_a_packed_group_is_computed_as_the_model_computes_its_rows(load, name):
    """Padded rows, too: log-probabilities and gradient."""
    model = load(name, "sdpa")
    encoded, weights = group()
    expected = by_itself(model, encoded, weights)

    assert refusal(model, TrainingOptions()) == ""
    assert_same(as_trained(model, packed(encoded), weights), expected)
    assert_same(as_trained(model, padded(encoded), weights), expected)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in PACKED])
def test_what_can_not_be_packed_is_refused_in_a_line(load, name):
    """That is told before a step; the line says what to do, and padded rows that train are right."""
    said = ARCHITECTURES[name][2]
    options = TrainingOptions(packing=False)

    if said == EAGER:
        with pytest.raises(UserError, match=said):
            load(name, "sdpa")
    else:
        line = refusal(load(name, "sdpa"), TrainingOptions())
        assert said in line
        assert "\n" not in line
        assert name in NEVER or "--packing off" in line
    model = load(name, "eager" if said == EAGER else "sdpa")
    assert bool(refusal(model, options)) == (name in NEVER)
    if name not in NEVER:
        encoded, weights = group()
        assert_same(as_trained(model, padded(encoded), weights), by_itself(model, encoded, weights))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_batch_is_generated_as_each_row_alone(load, name):
    """Greedily, prompts of several lengths together and one of them twice, and up to the same end."""
    model = load(name, None)
    prompts = tokens(6, 9, 1)
    rows = [*prompts, prompts[0]]
    continued = partial(alone, model)
    end = continued(prompts[0], ends=[])[3]
    batch = tuple(
        PromptedRow(Request(task_id="t", index=index, prompt="x", seed=index), prompt, 12)
        for index, prompt in enumerate(rows)
    )
    decoding.quiet(model)

    wanted, progress = range(len(batch)), decoding.BatchProgress()
    generated = decoding.generate_batch(model, batch, GREEDY, ends=[end], stop=None, wanted=wanted, progress=progress)
    found = sorted(generated, key=lambda row: row.place)

    assert [row.tokens for row in found] == [continued(prompt, ends=[end]) for prompt in rows]
    assert found[0].ended
    assert found[0].tokens[-1] == end


def test_rows_that_the_library_mixes_up_are_generated_one_by_one(tmp_path):
    """RWKV's state is shared by a batch, which would be other samples without a word."""
    config = CONFIG_MAPPING["rwkv"](**WORDS, num_hidden_layers=2)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tiny_policy.bytes_tokenizer().save_pretrained(tmp_path)

    with pytest.raises(UserError, match="give --option batch_size=1"), backend.load(str(tmp_path), {}):
        pass
    with backend.load(str(tmp_path), {"batch_size": 1}):
        pass


@pytest.mark.parametrize(
    "wrong",
    [
        {"layer_types": ["x", "y"]}, {"num_attention_heads": "two"}, {"num_attention_heads": 0}, {"hidden_size": -3},
        {"model_type": "of tomorrow"}, {"rope_parameters": 5}, {"vocab_size": 10**12}, {"eos_token_id": "end"},
    ],
    ids=str,
)  # fmt: skip
def test_a_config_that_makes_no_model_is_refused_in_a_line(tiny_base, tmp_path, wrong):
    """Whatever the libraries raise on it."""
    folder = shutil.copytree(tiny_base, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | wrong))

    with pytest.raises(UserError) as refused:
        load_model(folder, dtype=torch.float32)

    assert "\n" not in str(refused.value)


def alone(model, prompt, ends):
    """Return what the library's `generate` writes behind a prompt."""
    ids = torch.tensor([prompt])
    given = {"eos_token_id": ends} if ends else {}
    after = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False, pad_token_id=0, **given
    )
    return tuple(after[0, len(prompt) :].tolist())


def test_the_documents_table_is_this_one():
    """Architecture by architecture: packed, padded or not trained."""
    text = (Path(__file__).parents[2] / "docs" / "models.md").read_text().partition("## Architectures")[2]
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
    documented = {name.strip("|` "): trained for name, trained, _ in rows}

    outcomes = {name: "packed" if name in PACKED else "no" if name in NEVER else "padded" for name in ARCHITECTURES}
    assert documented == outcomes
