"""Takes a training step in the ways that are compared: the usual ones, TRL's, the earlier one of proctor, and its own.

Every step has eight sequences, four completions of each of two prompts, and a learning rate of 0: so all ways have the
same loss, the mean over the tokens of the completions, which is compared.
"""

import importlib.util
import sys
import tempfile
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn.utils.rnn import pad_sequence
from training_meter import passes

from trainers.config import TrainingOptions
from trainers.objective import WeightedLikelihood
from trainers.optimizer import make_optimizer
from trainers.packing import packed, padded


class Setup(NamedTuple):
    """Says how a way computes."""

    device: str
    dtype: torch.dtype
    """Type of computation; weights that are trained are float32."""
    lora_rank: int = 0
    adam: bool = True
    """Clip the gradient and take AdamW's step, as trainings do; else plain gradient descent."""

    def options(self, **changed):
        """Return them as the settings of proctor."""
        name = str(self.dtype).removeprefix("torch.")
        return TrainingOptions(learning_rate=0.0, lora_rank=self.lora_rank, dtype=name, **changed)


def mean_loss(way, model, steps, meter, setup):
    """Take the passes of a meter in one of the ways, and return the mean loss of the second pass."""
    if way == "trl":
        return trl_losses(model, steps, meter, setup)
    take, losses = WAYS[way](model, setup), []
    for groups in passes(steps):
        meter.begin()
        losses.append(take(groups))
        meter.end()
    return torch.stack(losses[len(steps) : 2 * len(steps)]).mean().item()


def finisher(model, setup, make=None):
    """Return a function that ends a step: clips, updates by an optimizer, and clears gradients.

    Args:
        model: Its trained weights are updated.
        setup: Whether the optimizer is AdamW.
        make: Makes AdamW of the weights; None for PyTorch's own choice of how.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    adam = make or partial(torch.optim.AdamW, lr=0.0)
    optimizer = adam(weights) if setup.adam else torch.optim.SGD(weights, lr=0.0)

    def finish():
        if setup.adam:
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return finish


def stock(model, setup, *, recomputed=False):
    """Pad all rows to the longest and compute the logits of every token, as the model's own forward does."""
    finish = finisher(model, setup)
    model.set_attn_implementation("sdpa")
    (model.activation_checkpointing_enable if recomputed else model.activation_checkpointing_disable)()

    def take(groups):
        rows = [torch.tensor((*one.prompt, *completion)) for one in groups for completion in one.completions]
        labels = [
            torch.tensor((*[-100] * len(one.prompt), *completion)) for one in groups for completion in one.completions
        ]
        given = {
            "input_ids": pad_sequence(rows, batch_first=True),
            "attention_mask": pad_sequence([torch.ones_like(row) for row in rows], batch_first=True),
            "labels": pad_sequence(labels, batch_first=True, padding_value=-100),
        }
        with torch.autocast(setup.device, dtype=setup.dtype, enabled=setup.dtype != torch.float32):
            loss = model(**{name: each.to(setup.device) for name, each in given.items()}, use_cache=False).loss
        loss.backward()
        finish()
        return loss.detach()

    return take


def recomputed(model, setup):
    """Do the same with activations recomputed, as recipes for large models have it."""
    return stock(model, setup, recomputed=True)


def has_trl():
    """Return whether TRL and its data sets are installed."""
    return all(importlib.util.find_spec(name) for name in ("trl", "datasets"))


def trl_losses(model, steps, meter, setup):
    """Let TRL train on eight rows a step with its own settings, from the start of each step to its end."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "trainers"))
    import tiny_policy  # noqa: PLC0415
    from datasets import Dataset  # noqa: PLC0415
    from transformers import TrainerCallback  # noqa: PLC0415
    from trl import SFTConfig, SFTTrainer  # noqa: PLC0415

    class Clock(TrainerCallback):
        """Tells the meter."""

        def on_step_begin(self, *_, **__):
            meter.begin()

        def on_step_end(self, *_, **__):
            meter.end()

    tokenizer = tiny_policy.bytes_tokenizer()
    tokenizer.pad_token = tokenizer.eos_token
    rows = [
        {"input_ids": [*one.prompt, *completion], "completion_mask": [0] * len(one.prompt) + [1] * len(completion)}
        for one in chain(*passes(steps))
        for completion in one.completions
    ]
    usual = {} if setup.adam else {"optim": "sgd", "max_grad_norm": 0.0, "gradient_checkpointing": False}
    with tempfile.TemporaryDirectory() as folder:
        settings = SFTConfig(
            output_dir=folder, per_device_train_batch_size=8, num_train_epochs=1, learning_rate=0.0,
            bf16=setup.dtype == torch.bfloat16, use_cpu=setup.device == "cpu", completion_only_loss=True,
            max_length=None, train_sampling_strategy="sequential", logging_steps=len(steps), save_strategy="no",
            report_to="none", disable_tqdm=True, **usual,
        )  # fmt: skip
        trainer = SFTTrainer(
            model=model, args=settings, train_dataset=Dataset.from_list(rows), processing_class=tokenizer,
            callbacks=[Clock()],
        )  # fmt: skip
        trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry][1]


def ours(model, setup, *, compiled=False, **changed):
    """Take the step of `proctor train`: all groups in one row, or in padded ones, and one backward pass."""
    options = setup.options(**changed)
    model.activation_checkpointing_disable()
    model.set_attn_implementation("sdpa")  # of padded rows; packed ones have their own
    objective = WeightedLikelihood(model, chunk=options.logits_chunk, dtype=setup.dtype)
    if compiled:
        objective.compile_parts()
    finish = finisher(model, setup, partial(make_optimizer, options=options))
    lay = packed if options.packing else padded

    def take(groups):
        rows = lay(*groups)
        loss, _ = objective(rows.to(torch.device(setup.device)), even_weights(groups).to(setup.device))
        loss.backward()
        finish()
        return loss.detach()

    return take


def masked(model, setup):
    """Take the step that was proctor's before: a row and a backward pass for each group, with a mask of all pairs.

    Blocks are recomputed where AdamW is taken, as both recipes had it.
    """
    objective = WeightedLikelihood(model, chunk=1024, dtype=setup.dtype)
    finish = finisher(model, setup)
    model.set_attn_implementation("sdpa")
    (model.activation_checkpointing_enable if setup.adam else model.activation_checkpointing_disable)()

    def take(groups):
        losses, share = [], 1 / sum(len(even_weights([one])) for one in groups)
        for one in groups:
            rows = packed(one)._replace(spans=None, attention_mask=dense_mask(one))
            weights = torch.full(rows.labels.shape, share)
            loss, _ = objective(rows.to(torch.device(setup.device)), weights.to(setup.device))
            loss.backward()
            losses.append(loss.detach())
        finish()
        return torch.stack(losses).sum()

    return take


def even_weights(groups):
    """Return the weights of tokens by which the loss is the mean over all of them, (P)."""
    count = sum(len(completion) for one in groups for completion in one.completions)
    return torch.full((count,), 1 / count)


def dense_mask(group):
    """Return what each token of a group's row sees, (1, 1, T, T): its prompt, and its own completion so far."""
    lengths = [len(group.prompt), *(len(completion) - 1 for completion in group.completions)]
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    causal = torch.ones(len(owner), len(owner), dtype=torch.bool).tril()
    return (causal & ((owner == 0) | (owner == owner[:, None])))[None, None]


WAYS = {
    "stock": stock,
    "recomputed": recomputed,
    "padded": partial(ours, packing=False),
    "masked": masked,
    "spans": ours,
    "compiled": partial(ours, compiled=True),
}
"""All but TRL's, which has a loop of its own."""
