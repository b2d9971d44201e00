"""The table of methods, and how one is added to it."""

import pytest

from harness.plugins import names, resolve
from trainers.config import OF_METHODS, TrainingOptions
from trainers.dataset import weighted_groups
from trainers.losses import dpo, kto, rloo_floor, rloo_kl, topr
from trainers.methods import dapo, dr_grpo, method, rloo, rloo_exp, rloo_grpo, sft
from trainers.objective import summed, token_weights
from trainers.trainer import Likelihoods, Trainer

TABLE = {
    "dapo": dapo, "dpo": dpo, "dr-grpo": dr_grpo, "kto": kto, "rloo": rloo, "rloo-exp": rloo_exp,
    "rloo-floor": rloo_floor, "rloo-grpo": rloo_grpo, "rloo-kl": rloo_kl, "sft": sft, "topr": topr,
}  # fmt: skip


def test_every_method_is_registered_under_its_name():
    """The entry points lead to the methods, and those call themselves so."""
    registered = [name for name in names("proctor.trainers") if name in TABLE]

    assert registered == sorted(TABLE)
    assert [resolve("proctor.trainers", name, Trainer) for name in registered] == [TABLE[name] for name in registered]
    assert [TABLE[name].name for name in registered] == registered
    assert all(trainer.about for trainer in TABLE.values())


def test_a_function_becomes_a_method():
    """Its name with dashes, and the first line of what it says of itself."""

    @method
    def best_of_all(rewards, _):
        """Imitate the best member.

        And no other.
        """
        return tuple(float(reward == max(rewards)) for reward in rewards)

    assert (best_of_all.name, best_of_all.about) == ("best-of-all", "Imitate the best member.")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trainer", "options", "weights"),
    [
        (sft, {}, (1.0, 0.0)),
        (rloo, {}, (2.0, -2.0)),
        (rloo, {"clip": 1.5}, (1.5, -1.5)),
        (rloo_grpo, {}, (0.70705678, -0.70705678)),
        (rloo_grpo, {"clip": 0.5}, (0.5, -0.5)),
        (rloo_exp, {}, (2.02801359, 0.49309334)),
        (rloo_exp, {"exp_lambda": 0.5}, (4.11283910, 0.24314105)),
        (rloo_exp, {"clip": 0.5}, (1.64872127, 0.60653066)),
        (dr_grpo, {}, (1.0, -1.0)),
        (dapo, {}, (0.70705678, -0.70705678)),
        (topr, {"clip": 1.5}, (1.5, -1.5)),
        (dpo, {}, (1.0, -1.0)),
    ],
)
def test_options_reach_the_weights(make_groups, monkeypatch, trainer, options, weights):
    """Rewards 1 and -1, worked out in test_weights.py; e to the 0.5 is 1.64872127."""
    given = []
    monkeypatch.setattr("trainers.train.train_by", lambda made, **_: given.append(made))
    groups = make_groups(1, rewards=(1.0, -1.0), completions=("a", "b"))
    trainer.train(groups, "model", groups, TrainingOptions())
    (made,) = given

    (found,) = weighted_groups(groups, made.weigh, TrainingOptions(**options))

    assert made.name == trainer.name
    assert found.weights == pytest.approx(weights)


OTHER = {
    "clip": 0.01, "exp_lambda": 3.0, "kl_weight": 0.5, "preference_beta": 0.7, "rejected_floor": -0.1,
    "constant_length": 7, "token_mean": True,
}  # fmt: skip
"""Another value of each option of methods, but for the one that takes own samples."""


@pytest.mark.parametrize("name", TABLE)
def test_a_method_uses_the_options_that_change_what_it_trains(monkeypatch, name):
    """And says that it ignores the others: its gradient is the same with them, to the bit."""
    import torch  # noqa: PLC0415 - heavy, as the next

    from trainers import train  # noqa: PLC0415

    monkeypatch.setattr(train, "train_by", lambda made, **_: made)
    made = TABLE[name].train(None, "", None, None)

    def gradient(**settings):
        options, lengths = TrainingOptions(**settings), (2, 3)
        weights = torch.tensor(made.weigh((1.0, -0.1), options))
        if made.loss is None:
            divisor = made.divide(2, 2.5, options) if made.divide else None
            return token_weights(weights, torch.tensor(lengths), token_mean=options.token_mean, divisor=divisor)
        tokens = torch.tensor([-0.5, -1.0, -0.25, -0.125, -4.0], requires_grad=True)
        reference = torch.tensor([-0.4, -0.5, -1.0, -0.5, -2.0])
        sums = [summed(one, lengths, token_mean=options.token_mean) for one in (tokens, reference)]
        return torch.autograd.grad(made.loss(Likelihoods(weights, *sums, tokens, reference, lengths), options), tokens)[
            0
        ]

    changes = {option for option, value in OTHER.items() if not torch.equal(gradient(**{option: value}), gradient())}

    refused = {"importance_cap"} if made.loss else {"token_mean"} if made.divide else set()
    assert set(TABLE[name].ignores) - refused == set(OTHER) - changes - refused
    assert refused <= set(TABLE[name].ignores) <= set(OF_METHODS)
