"""Losses over log-probabilities: their gradients against autograd of the formulas, written sequence by sequence."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from trainers import losses, methods
from trainers.batches import Weigher
from trainers.config import TrainingOptions
from trainers.dataset import Encoded, Weighted
from trainers.likelihood_loss import GroupTerms, LikelihoodLoss
from trainers.objective import WeightedLikelihood, summed, token_weights
from trainers.packing import packed, padded
from trainers.policy import Policy
from trainers.trainer import Likelihoods, TrainingMethod

pytestmark = pytest.mark.slow

OPTIONS = TrainingOptions(kl_weight=0.3, preference_beta=0.2, rejected_floor=-5.5)
REWARDS = (1.0, -0.1, 0.5, -1.0)
SIGNS = methods.accepted_or_not(REWARDS, OPTIONS)
ADVANTAGES = methods.leave_one_out(REWARDS, OPTIONS)
GROUP = Encoded(
    prompt=tuple(range(40, 63)),
    completions=((1, 2, 3, 256), (*range(100, 131), 256), (256,), (9, 8, 7, 6, 5, 4, 3, 2, 1, 256)),
)
GROUPS = GROUP, Encoded((9,), GROUP.completions[::-1])
LENGTHS = tuple(tuple(map(len, group.completions)) for group in GROUPS)


def by_topr(weights, policy, reference, _lengths):
    """Return a sum with the paper's gradient: a fixed factor of at most 1 before each log-probability to push down."""
    factors = [
        1 if w >= 0 else min(1, (p - r).exp().item()) for w, p, r in zip(weights, policy, reference, strict=True)
    ]
    return -sum(w * f * p for w, f, p in zip(weights, factors, policy, strict=True)) / len(weights)


def by_floor(weights, policy, _reference, lengths):
    """Return the sum without the completions that are below the floor."""
    kept = [w >= 0 or p.item() > OPTIONS.rejected_floor * n for w, p, n in zip(weights, policy, lengths, strict=True)]
    return -sum(w * p for w, p, keep in zip(weights, policy, kept, strict=True) if keep) / len(weights)


def by_dpo(weights, policy, reference, _lengths):
    """Return the mean over pairs of -log sigma."""
    ahead = [p - r for p, r in zip(policy, reference, strict=True)]
    pairs = [(i, j) for i, a in enumerate(weights) for j, b in enumerate(weights) if a > 0 > b]
    return sum((1 + (OPTIONS.preference_beta * (ahead[j] - ahead[i])).exp()).log() for i, j in pairs) / len(pairs)


def by_kto(weights, policy, reference, _lengths):
    """Return the mean of 1 - sigma."""
    ahead = [p - r for p, r in zip(policy, reference, strict=True)]
    usual = max(0, sum(ahead).item() / len(ahead))
    values = [1 / (1 + (-w * OPTIONS.preference_beta * (d - usual)).exp()) for w, d in zip(weights, ahead, strict=True)]
    return sum(1 - value for value in values) / len(values)


def by_kl(weights, policy, reference, lengths):
    """Return the sum with the penalty; policy and reference are those of tokens here."""
    total = 0
    for weight, own, other in zip(weights, policy.split(list(lengths)), reference.split(list(lengths)), strict=True):
        ratio = (other - own).exp()
        total += weight * own.sum() - OPTIONS.kl_weight * (ratio - ratio.log() - 1).sum()
    return -total / len(weights)


LOSSES = {
    "topr": (losses.tapered, ADVANTAGES, by_topr),
    "rloo-floor": (losses.floored, ADVANTAGES, by_floor),
    "dpo": (losses.preferred, SIGNS, by_dpo),
    "kto": (losses.prospected, SIGNS, by_kto),
    "rloo-kl": (losses.near_reference, ADVANTAGES, by_kl),
}


def full(folder, dtype=torch.float64):
    """Return the tiny model, all parameters trained."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)


def with_bias(folder):
    """Return it with a bias in its output layer."""
    model = full(folder)
    head = model.get_output_embeddings()
    head.bias = torch.nn.Parameter(torch.randn(head.out_features, generator=torch.Generator().manual_seed(0)).double())
    return model


def with_lora(folder):
    """Return it with an adapter that is not zero anywhere, which alone is trained."""
    torch.manual_seed(0)
    config = LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear", init_lora_weights=False)
    return get_peft_model(full(folder), config).get_base_model().double()


def gradient(model):
    """Return the gradient of all that is trained as one vector, and forget it."""
    vector = torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.requires_grad])
    model.zero_grad()
    return vector


def by_the_book(model, group):
    """Return the log-probabilities of all tokens of a group, by a forward pass for each completion."""
    found = []
    for completion in group.completions:
        row = torch.tensor([[*group.prompt, *completion]])
        log_softmax = model(row).logits[0, :-1].log_softmax(-1)
        found.append(log_softmax.gather(1, row[0, 1:, None])[len(group.prompt) - 1 :, 0])
    return torch.cat(found)


def moved(token_log_probs, seed):
    """Return a reference some way off in both directions."""
    noise = torch.randn(token_log_probs.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return token_log_probs.detach() + 0.4 * noise.to(token_log_probs.dtype)


def expected_of(model, name):
    """Set the gradient of the formula and return its value, its gradient and the references."""
    _, weights, formula = LOSSES[name]
    total, references = 0, []
    for seed, (group, lengths) in enumerate(zip(GROUPS, LENGTHS, strict=True)):
        policy = by_the_book(model, group)
        references.append(moved(policy, seed))
        given = (policy, references[-1])
        if formula is not by_kl:
            given = tuple([part.sum() for part in one.split(list(lengths))] for one in given)
        total = total + formula(weights, *given, lengths) / len(GROUPS)
    total.backward()
    return total.item(), gradient(model), references


def terms(name, references, dtype=torch.float64):
    """Return what training gives a loss for each group."""
    weights = torch.tensor(LOSSES[name][1], dtype=dtype)
    return tuple(
        GroupTerms(weights, reference, lengths, 1 / len(GROUPS))
        for reference, lengths in zip(references, LENGTHS, strict=True)
    )


@pytest.mark.parametrize("load", [full, with_bias, with_lora])
@pytest.mark.parametrize("rows", [packed, padded])
@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_that_of_the_formula(tiny_base, load, rows, name):
    """To 1e-6 of its length in float64, of two groups: packed or padded, all parameters, a bias, or an adapter."""
    model = load(tiny_base)
    value, expected, references = expected_of(model, name)

    options = TrainingOptions(**{**vars_of(OPTIONS), "logits_chunk": 7})
    objective = LikelihoodLoss(model, LOSSES[name][0], options, dtype=torch.float64)
    loss, found = objective(rows(*GROUPS), terms(name, references))
    loss.backward()

    assert expected.norm() > 0
    assert (gradient(model) - expected).norm() / expected.norm() < 1e-6
    assert not found.requires_grad
    if name not in {"topr", "rloo-floor"}:  # whose formulas have the gradient only
        assert loss.item() == pytest.approx(value, rel=1e-9)


def vars_of(options):
    """Return the settings by name."""
    return {name: getattr(options, name) for name in options.__struct_fields__}


@pytest.mark.parametrize("name", LOSSES)
def test_float32_is_near_float64(tiny_base, name):
    """To 1e-4, as the weighted log-likelihood is."""
    wide = full(tiny_base)
    _, expected, references = expected_of(wide, name)
    model = full(tiny_base, torch.float32)

    objective = LikelihoodLoss(model, LOSSES[name][0], OPTIONS, dtype=torch.float32)
    given = terms(name, [one.float() for one in references], torch.float32)
    objective(packed(*GROUPS), given)[0].backward()

    assert (gradient(model) - expected).norm() / expected.norm() < 1e-4


@pytest.mark.parametrize("load", [full, with_lora])
def test_a_linear_loss_has_the_gradient_of_the_fast_head(tiny_base, load):
    """The weighted log-likelihood, once as a loss of any kind and once as itself."""
    model = load(tiny_base)
    weights, lengths = torch.tensor(ADVANTAGES, dtype=torch.float64), torch.tensor(LENGTHS[0])
    rows = packed(GROUP)

    def linear(group, _options):
        return -(group.weights * group.policy).mean()

    loss, _ = LikelihoodLoss(model, linear, OPTIONS, dtype=torch.float64)(
        rows, (GroupTerms(weights, None, LENGTHS[0], 1.0),)
    )
    loss.backward()
    found = gradient(model)
    fast, _ = WeightedLikelihood(model, chunk=100, dtype=torch.float64)(
        rows, token_weights(weights, lengths, token_mean=False)
    )
    fast.backward()

    assert loss.item() == pytest.approx(fast.item(), rel=1e-12)
    assert (found - gradient(model)).norm() / found.norm() < 1e-12


def likelihoods(weights, ahead):
    """Return a group of completions of one token, so far ahead of a reference of -30."""
    policy = torch.tensor([-30.0 + one for one in ahead], dtype=torch.float64, requires_grad=True)
    reference = torch.full((len(ahead),), -30.0, dtype=torch.float64)
    sums = (policy, reference)
    return policy, Likelihoods(torch.tensor(weights, dtype=torch.float64), *sums, *sums, (1,) * len(ahead))


def pushes(loss, weights, ahead, options=OPTIONS):
    """Return the derivatives of a loss by the log-probabilities."""
    policy, group = likelihoods(weights, ahead)
    (found,) = torch.autograd.grad(loss(group, options), policy)
    return found.tolist()


FAR = st.floats(-29, 29)


@given(st.floats(-5, -0.01), FAR, FAR)
def test_a_tapered_push_is_bounded_and_fades(weight, near, far):
    """At most |w| / n, and no larger where the completion is less probable; half of e^-1 at e^-1 by hand."""
    far, near = sorted((near, far))
    at_near, at_far = (pushes(losses.tapered, (1.0, weight), (0.0, ahead))[1] for ahead in (near, far))

    assert 0 <= at_far <= at_near <= -weight / 2
    assert pushes(losses.tapered, (1.0, -1.0), (-9.0, -1.0)) == pytest.approx([-0.5, 0.5 * math.exp(-1)])


def test_a_tapered_push_begins_as_rloo_does():
    """Where policy and reference are equal, in the very first step."""
    assert pushes(losses.tapered, (2.0, -2.0), (0.0, 0.0)) == [-1.0, 1.0]


@given(FAR, st.floats(-5, -0.01))
def test_nothing_is_pushed_below_the_floor(ahead, weight):
    """Accepted completions are raised from anywhere."""
    floor = TrainingOptions(rejected_floor=-30.0)

    raised, pushed = pushes(losses.floored, (-weight, weight), (-ahead, ahead), floor)

    assert raised == weight / 2
    assert pushed == (-weight / 2 if -30.0 + ahead >= -30.0 else 0)


@given(st.lists(FAR, min_size=2, max_size=5), FAR)
def test_a_preference_looks_at_differences_only(ahead, shift):
    """All completions of a group more probable by the same factor change nothing; pushes add up to nothing."""
    signs = [1.0, *(-1.0 for _ in ahead[1:])]

    found = pushes(losses.preferred, signs, ahead)

    assert found == pytest.approx(pushes(losses.preferred, signs, [one + shift for one in ahead]), abs=1e-9)
    assert sum(found) == pytest.approx(0, abs=1e-9)
    assert found[0] <= 0 <= min(found[1:])


@given(st.lists(st.tuples(st.sampled_from([1.0, -1.0]), FAR), min_size=2, max_size=6))
def test_a_prospect_pushes_by_its_own_sign(members):
    """At most beta / (4 n) each: the sigmoid is steepest at the point of reference."""
    signs, ahead = zip(*members, strict=True)

    found = pushes(losses.prospected, signs, ahead)

    most = OPTIONS.preference_beta / 4 / len(members)
    assert all(0 <= -sign * one <= most + 1e-12 for sign, one in zip(signs, found, strict=True))


@given(FAR)
def test_the_penalty_pulls_to_the_reference(ahead):
    """Without rewards the only force is back to where it was, and none is there."""
    (found,) = pushes(losses.near_reference, (0.0,), (ahead,))

    assert found == pytest.approx(OPTIONS.kl_weight * (1 - math.exp(-ahead)))


def test_means_over_tokens_are_means_of_all(tiny_base):
    """With --token-mean a loss sees means, of the reference too."""
    seen = []

    def linear(group, _options):
        seen.append(group)
        return -(group.weights * group.policy).mean()

    objective = LikelihoodLoss(full(tiny_base), linear, TrainingOptions(token_mean=True), dtype=torch.float64)
    reference = torch.arange(47.0, dtype=torch.float64)
    _, found = objective(packed(GROUP), (GroupTerms(torch.ones(4).double(), reference, LENGTHS[0], 1.0),))

    assert seen[0].reference.tolist() == [1.5, 19.5, 36.0, 41.5]
    assert seen[0].policy.tolist() == pytest.approx(summed(found, LENGTHS[0], token_mean=True).tolist())


@pytest.mark.parametrize("name", ["sft", "rloo", "rloo-grpo", "rloo-exp"])
def test_the_methods_of_the_paper_keep_the_fast_head_and_their_bits(tiny_base, name):
    """Their objective is the weighted log-likelihood itself, with share x w / n for each token, to the bit."""
    weigh = {
        "sft": methods.accepted_only, "rloo": methods.leave_one_out, "rloo-grpo": methods.standardised,
        "rloo-exp": methods.exponential,
    }[name]  # fmt: skip
    weights = weigh(REWARDS, TrainingOptions())
    weighted = Weighted(None, weights)

    found = Weigher(TrainingMethod(name, weigh), TrainingOptions()).weighed([(weighted, GROUP)], 0.5, 0.0)

    expected = 0.5 * (torch.tensor(weights) / 4).repeat_interleave(torch.tensor(LENGTHS[0]))
    assert torch.equal(found, expected)
    assert type(Policy(str(tiny_base), TrainingOptions()).objective(TrainingOptions())) is WeightedLikelihood


def test_dapo_and_dr_grpo_divide_by_hand():
    """Weights 1 and -1 for 2 and 3 tokens; a step's groups have 8 tokens in the mean, the constant length is 10."""
    weighted, encoded = Weighted(None, (1.0, -1.0)), Encoded((1,), ((2, 0), (3, 4, 0)))
    options = TrainingOptions(constant_length=10)

    by_tokens, by_length = (
        Weigher(TrainingMethod("", methods.centred, divide), options).weighed([(weighted, encoded)], 0.5, 8.0)
        for divide in (methods.by_tokens_of_the_step, methods.by_constant_length)
    )

    assert by_tokens.tolist() == [0.0625, 0.0625, -0.0625, -0.0625, -0.0625]
    assert by_length.tolist() == pytest.approx([0.025, 0.025, -0.025, -0.025, -0.025])
