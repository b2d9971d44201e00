"""Importance weights of own samples: by hand, in the gradient, and nowhere where nothing is known."""

import math

import msgspec
import pytest
import tiny_policy
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from harness.errors import UserError
from harness.generation.tokens import Tokens
from trainers import losses, methods
from trainers.batches import ProcessPlace, StepMaker, Weigher
from trainers.config import TrainingOptions
from trainers.dataset import Encoded, Weighted, batch, encode, weighted_groups
from trainers.fitting import Fit
from trainers.groups import GROUPS_FILE, read_groups, write_groups
from trainers.importance import Sampled, reweighted, sampled_by_policies, truncated_ratios
from trainers.trainer import TrainingMethod

OPTIONS = TrainingOptions(learning_rate=1e-3, epochs=1, batch_groups=1, max_hours=1e-9, max_gradient_norm=1e9)
LOG = st.floats(-1e4, 0)


def test_the_weights_of_tokens_by_hand():
    """Two tokens of sqrt 0.5 are 0.5: ratios 0.5 / 0.25 = 2, cut to 1.5, and 0.25 / 0.5; the third is a human's."""
    sampled = Sampled(torch.tensor([2, 1, 1]), torch.tensor([0.25, 0.5, math.nan]).double().log())
    now = torch.tensor([0.5**0.5, 0.5**0.5, 0.25, 0.125]).log()

    found = reweighted(torch.tensor([1.0, 1.0, -2.0, 4.0]), now, sampled, cap=1.5)

    assert found.tolist() == pytest.approx([1.5, 1.5, -1.0, 4.0])


@given(st.lists(st.tuples(LOG, st.one_of(LOG, st.just(math.nan))), min_size=1, max_size=5), st.floats(0.01, 100))
def test_a_ratio_is_at_most_the_cap(pairs, cap):
    """And never below 0; 1 where nothing is stored."""
    now, before = torch.tensor(pairs, dtype=torch.float64).T

    found = truncated_ratios(now, before, cap)

    for (one, stored), ratio in zip(pairs, found.tolist(), strict=True):
        expected = 1.0 if math.isnan(stored) else min(cap, math.exp(min(one - stored, 700)))
        assert ratio == pytest.approx(expected, rel=1e-9)


def test_groups_of_humans_have_none():
    """Theirs are unknown, beside own samples."""
    human, own = tiny_policy.group(0), tiny_policy.group(1, log_probs=(-1.0, None, -3.0, -4.0))

    known = sampled_by_policies([human, own], torch.ones(8)).log_probs
    assert known.isnan().tolist() == [True] * 4 + [False, True, False, False]
    assert known[~known.isnan()].tolist() == [-1.0, -3.0, -4.0]


class Whole:
    """Takes each step whole."""

    def fit(self, _numbers):
        """Return one part."""
        return Fit(1, recompute=False)


@pytest.mark.parametrize(
    ("cap", "processes", "expected"), [(None, 1, [False, False]), (1.0, 1, [False, True]), (1.0, 2, [True, True])]
)
def test_only_steps_with_own_samples_are_weighed(cap, processes, expected):
    """One group a step, human and own; where several processes meet in a pass, each of them takes it."""
    groups = [
        Weighted(tiny_policy.group(0), (1.0,) * 4),
        Weighted(tiny_policy.group(1, log_probs=(-1.0,) * 4), (1.0,) * 4),
    ]
    options = TrainingOptions(batch_groups=processes, importance_cap=cap)
    place = ProcessPlace(0, processes, torch.device("cpu"))
    weigher = Weigher(TrainingMethod("rloo", methods.leave_one_out), options)
    maker = StepMaker(groups, lambda _: Encoded((5, 6), ((7, 0),) * 4), Whole(), weigher, place)

    found = {}
    for number in range(2):
        chosen = batch(number, 2, options)[0]
        (part,) = maker.made(number).parts
        found[chosen] = part.sampled is not None

    assert all(found[number] == expected[number] for number in found)


def test_a_file_without_log_probs_is_as_before(tmp_path):
    """Own samples need a column of their own; what has none keeps its bytes, and either is read."""
    human, own = tiny_policy.group(0), tiny_policy.group(1, log_probs=(-1.0, None, -3.0, -4.0))

    write_groups(tmp_path / "own", [human, own], log_probs=True)
    write_groups(tmp_path / "human", [human])

    assert list(read_groups(tmp_path / "own")) == [human, own]
    assert list(read_groups(tmp_path / "human")) == [human]


def test_another_number_of_log_probs_is_refused(tmp_path):
    """One line, with the group."""
    write_groups(tmp_path / GROUPS_FILE, [tiny_policy.group(0, log_probs=(-1.0,))], log_probs=True)

    with pytest.raises(UserError, match=r"group 1 .* has 1 log-probabilities"):
        weighted_groups(tmp_path, methods.leave_one_out, OPTIONS)


def first_gradient(folder):
    """Return the gradient of the first step: the optimizer's first moment is a tenth of it."""
    state = torch.load(folder / "state.pt", weights_only=True)
    return torch.cat([moments["exp_avg"].flatten() for moments in state["optimizer"]["state"].values()]) / 0.1


def log_prob(model, encoded, completion):
    """Return log pi of a completion, as the stock model has it."""
    row = torch.tensor([[*encoded.prompt, *completion]])
    every = model(row).logits[0, :-1].log_softmax(-1).gather(1, row[0, 1:, None])
    return every[len(encoded.prompt) - 1 :].sum()


@pytest.mark.slow
@pytest.mark.parametrize("packing", [True, False])
def test_the_gradient_is_that_of_the_book(tmp_path, run, tiny_base, packing):
    """Samples that have become likelier, less likely, and a human's: each weight times its truncated ratio."""
    model = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_base)
    group = tiny_policy.group(0)
    encoded = encode(group, Tokens(tokenizer), tokenizer.eos_token_id)
    with torch.no_grad():
        now = [float(log_prob(model, encoded, completion)) for completion in encoded.completions]
    stored = (now[0] - 3.0, now[1] + 1.0, None, now[3])
    (tmp_path / "own").mkdir()
    write_groups(tmp_path / "own" / GROUPS_FILE, [msgspec.structs.replace(group, log_probs=stored)] * 2, log_probs=True)
    ratios = (2.0, math.exp(-1.0), 1.0, 1.0)  # exp(3) is cut

    options = msgspec.structs.replace(OPTIONS, importance_cap=2.0, packing=packing)
    run("out", options, groups=tmp_path / "own")

    weights = methods.leave_one_out(group.rewards, OPTIONS)
    for weight, ratio, completion in zip(weights, ratios, encoded.completions, strict=True):
        (-weight * ratio / 4 * log_prob(model, encoded, completion)).backward()
    book = torch.cat([one.grad.flatten() for one in sorted(model.parameters(), key=lambda one: one.ndim <= 1)])
    assert (first_gradient(tmp_path / "out") - book).norm() / book.norm() < 1e-4


@pytest.mark.slow
def test_human_groups_are_trained_on_as_without(tmp_path, run):
    """Not a bit of the weights changes where nothing is stored."""
    plain = msgspec.structs.replace(OPTIONS, max_hours=None)
    run("plain", plain)
    run("capped", msgspec.structs.replace(plain, importance_cap=1.0))

    ours, theirs = (load_file(tmp_path / name / "model.safetensors") for name in ("capped", "plain"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("method", [losses.topr, losses.rloo_kl, losses.rloo_floor, losses.dpo, losses.kto])
def test_a_loss_without_weights_refuses_a_cap(run, method):
    """One line names the method, before the model is loaded."""
    options = msgspec.structs.replace(OPTIONS, importance_cap=1.0)

    with pytest.raises(UserError, match=f"^{method.name} has no weights that --importance-cap could scale"):
        run("out", options, method=method, model="none")
