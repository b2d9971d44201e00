"""The objective: worked sums, and its gradient against one written with the stock model, sequence by sequence."""

import math
from types import SimpleNamespace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from trainers import methods
from trainers.attention import LOOP
from trainers.config import TrainingOptions
from trainers.dataset import Encoded
from trainers.objective import WeightedLikelihood, summed, token_weights
from trainers.packing import packed, padded

pytestmark = pytest.mark.slow

REWARDS = (1.0, -0.1, -0.6, -1.0)
GROUP = Encoded(
    prompt=tuple(range(40, 63)),
    completions=((1, 2, 3, 256), (*range(100, 131), 256), (256,), (9, 8, 7, 6, 5, 4, 3, 2, 1, 256)),
)
TOKENS = tuple(map(len, GROUP.completions))
METHODS = {
    "sft": methods.accepted_only,
    "rloo": methods.leave_one_out,
    "rloo-grpo": methods.standardised,
    "rloo-exp": methods.exponential,
}


def full(folder):
    """Return the tiny model, all parameters trained."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def with_bias(folder):
    """Return it with a bias in its output layer, as Phi's has."""
    model = full(folder)
    head = model.get_output_embeddings()
    head.bias = torch.nn.Parameter(torch.randn(head.out_features, generator=torch.Generator().manual_seed(0)))
    return model


def with_lora(folder):
    """Return it with an adapter that is not zero anywhere, which alone is trained."""
    torch.manual_seed(0)
    config = LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear", init_lora_weights=False)
    return get_peft_model(full(folder), config).get_base_model()


def gradient(model):
    """Return the gradient of all that is trained as one vector, and forget it."""
    vector = torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.requires_grad])
    model.zero_grad()
    return vector


def reference(model, weights, *, token_mean=False, groups=(GROUP,)):
    """Set the gradient of -(1/n) sum_i w_i log pi(y_i given x) by the book: a forward pass for each completion."""
    pairs = [(group.prompt, completion) for group in groups for completion in group.completions]
    for weight, (prompt, completion) in zip(weights * len(groups), pairs, strict=True):
        row = torch.tensor([[*prompt, *completion]])
        log_softmax = model(row).logits[0, :-1].log_softmax(-1)
        chosen = log_softmax.gather(1, row[0, 1:, None])[len(prompt) - 1 :, 0]
        (-weight * (chosen.mean() if token_mean else chosen.sum()) / len(weights)).backward()
    return gradient(model)


def ours(model, rows, weights, *, chunk=1000, token_mean=False):
    """Set the gradient as training does."""
    of_tokens = token_weights(torch.tensor(weights), torch.tensor(TOKENS), token_mean=token_mean)
    loss, _ = WeightedLikelihood(model, chunk=chunk, dtype=torch.float32)(rows, of_tokens)
    loss.backward()
    return gradient(model)


def test_the_weights_of_tokens_by_hand():
    """2 / 2 and -1 / 2 for each of two and of three tokens; with the mean over tokens 1 / 2 and -0.5 / 3."""
    weights, tokens = torch.tensor([2.0, -1.0]), torch.tensor([2, 3])

    assert token_weights(weights, tokens, token_mean=False).tolist() == [1.0, 1.0, -0.5, -0.5, -0.5]
    assert token_weights(weights, tokens, token_mean=True).tolist() == pytest.approx([0.5, 0.5, -1 / 6, -1 / 6, -1 / 6])


def test_a_uniform_policy_by_hand(tiny_base):
    """Where every weight is 0, each of the 257 words has the same chance at every token, the end included."""
    model = full(tiny_base)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()

    objective = WeightedLikelihood(model, chunk=1000, dtype=torch.float32)
    log_probs = summed(objective.log_probs(packed(GROUP)), TOKENS)

    assert log_probs.tolist() == pytest.approx([-tokens * math.log(257) for tokens in (4, 32, 1, 10)])


@pytest.mark.parametrize("load", [full, with_bias, with_lora])
@pytest.mark.parametrize("rows", [packed, padded])
@pytest.mark.parametrize("method", METHODS)
def test_the_gradient_is_that_of_the_book(tiny_base, load, rows, method):
    """To 1e-5 of its length: every method, packed or padded, all parameters or an adapter, uneven lengths."""
    model, weights = load(tiny_base), METHODS[method](REWARDS, TrainingOptions())
    expected = reference(model, weights)

    found = ours(model, rows(GROUP), weights)

    assert expected.norm() > 0
    assert (found - expected).norm() / expected.norm() < 1e-5


@pytest.mark.parametrize("load", [full, with_lora])
@pytest.mark.parametrize("rows", [packed, padded])
@pytest.mark.parametrize("method", METHODS)
def test_the_gradient_of_groups_in_one_row_is_that_of_the_book(tiny_base, load, rows, method):
    """The sum of theirs, whatever the length of the prompts before them."""
    groups = (GROUP, Encoded((9,), GROUP.completions), Encoded(tuple(range(70, 200)), GROUP.completions))
    model, weights = load(tiny_base), METHODS[method](REWARDS, TrainingOptions())
    expected = reference(model, weights, groups=groups)
    of_tokens = token_weights(torch.tensor(weights), torch.tensor(TOKENS), token_mean=False).repeat(3)

    loss, _ = WeightedLikelihood(model, chunk=50, dtype=torch.float32)(rows(*groups), of_tokens)
    loss.backward()

    assert (gradient(model) - expected).norm() / expected.norm() < 1e-5


@pytest.mark.parametrize("token_mean", [False, True])
@pytest.mark.parametrize("chunk", [1, 7, 47, 48])
def test_chunks_don_t_show_in_the_gradient(tiny_base, chunk, token_mean):
    """47 predictions in chunks of any size; also with the mean over tokens."""
    model, weights = full(tiny_base), METHODS["rloo"](REWARDS, TrainingOptions())

    found = ours(model, packed(GROUP), weights, chunk=chunk, token_mean=token_mean)

    expected = reference(model, weights, token_mean=token_mean)
    assert (found - expected).norm() / expected.norm() < 1e-5


class StatesAlone:
    """A model that is nothing but its last states, which are logits."""

    _no_split_modules = ()
    config = SimpleNamespace(_attn_implementation=LOOP)

    def __init__(self, states):
        """Take them."""
        self.states = states

    def base_model(self, **_rows):
        """Return them for any tokens."""
        return SimpleNamespace(last_hidden_state=self.states)

    def get_output_embeddings(self):
        """Return a table that makes no more of them."""
        return SimpleNamespace(weight=torch.eye(self.states.shape[-1]), bias=None)


@pytest.fixture
def threads():
    """Return a function that sets how many threads compute; it is undone."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_the_gradient_of_the_prompt_s_end_is_added_up_in_order(threads):
    """600 completions of one token, each with a term for the 128 logits there: two threads give the bits of one."""
    generator = torch.Generator().manual_seed(0)
    rows = packed(Encoded(prompt=(1, 2), completions=((3,),) * 600))
    states = torch.randn(1, 2, 128, generator=generator, requires_grad=True)
    weights = torch.randn(600, generator=generator)
    found = []

    for count in (1, *(2,) * 50):
        threads(count)
        loss, _ = WeightedLikelihood(StatesAlone(states), chunk=1000, dtype=torch.float32)(rows, weights)
        found += torch.autograd.grad(loss, states)

    assert all(torch.equal(one, found[0]) for one in found)


def test_bfloat16_computes_and_leaves_weights_in_float32(tiny_base):
    """The gradient of the float32 weights is near that of float32 computation, and the result is float32."""
    model, weights = full(tiny_base), METHODS["rloo"](REWARDS, TrainingOptions())
    of_tokens = token_weights(torch.tensor(weights), torch.tensor(TOKENS), token_mean=False)
    loss, log_probs = WeightedLikelihood(model, chunk=20, dtype=torch.bfloat16)(packed(GROUP), of_tokens)
    loss.backward()

    found, expected = gradient(model), reference(model, weights)

    assert {log_probs.dtype, found.dtype} == {torch.float32}
    assert 0 < (found - expected).norm() / expected.norm() < 0.05
