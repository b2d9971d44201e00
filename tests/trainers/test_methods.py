"""The table of methods, and how one is added to it."""

import pytest

from harness.plugins import names, resolve
from trainers.config import TrainingOptions
from trainers.dataset import weighted_groups
from trainers.losses import dpo, kto, rloo_floor, rloo_kl, topr
from trainers.methods import dapo, dr_grpo, method, rloo, rloo_exp, rloo_grpo, sft
from trainers.trainer import Trainer

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
