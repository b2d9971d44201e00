"""Defines a trainer that calls another library: TRL's SFTTrainer, on the accepted members of the groups.

    proctor train examples/other_trainer.py:trl_sft --groups GROUPS --model MODEL --out CHECKPOINT

The loss is TRL's, a mean over tokens. Options that TRL shares with proctor are accepted, all others refused. To give
such a trainer a name of its own, register it under the entry-point group `proctor.trainers`.
"""

from pathlib import Path

import msgspec
from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from harness.errors import UserError
from harness.runs.jsonl import write_whole
from trainers.config import TrainingOptions
from trainers.groups import read_groups
from trainers.model_card import commit
from trainers.trainer import CHECKPOINT_FILE, Checkpoint, Trainer
from trainers.training_run import groups_sha256

TAKEN = ("seed", "epochs", "max_steps", "batch_groups", "learning_rate", "weight_decay", "max_gradient_norm")


def train(groups: Path, model: str, out: Path, options: TrainingOptions) -> Checkpoint:
    """Fine-tune the model on every accepted completion of the groups; see `trainers.trainer.Trainer`."""
    usual = msgspec.structs.asdict(TrainingOptions())
    for name, value in msgspec.structs.asdict(options).items():
        if name not in TAKEN and value != usual[name]:
            raise UserError(f"trl-sft can't do --{name.replace('_', '-')} {value}; leave it out")
    if (out / CHECKPOINT_FILE).exists():
        raise UserError(f"{out}: holds a checkpoint; choose another --out")
    rows = [
        {"prompt": group.prompt, "completion": completion}
        for group in read_groups(groups)
        for completion, reward in zip(group.completions, group.rewards, strict=True)
        if reward > 0
    ]
    settings = SFTConfig(
        output_dir=str(out),
        seed=options.seed,
        num_train_epochs=options.epochs,
        max_steps=options.max_steps or -1,
        per_device_train_batch_size=options.batch_groups,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        max_grad_norm=options.max_gradient_norm,
        max_length=None,  # groups are compiled without completions that are too long; nothing is truncated
        bf16=False,
        activation_checkpointing=False,
        save_strategy="no",
        report_to="none",
    )
    trainer = SFTTrainer(model, args=settings, train_dataset=Dataset.from_list(rows))
    trainer.train()
    trainer.save_model()
    checkpoint = Checkpoint(
        path=str(out),
        base=model,
        method="trl-sft",
        step=trainer.state.global_step,
        config=options,
        groups_sha256=groups_sha256(groups),
        commit=commit(),
    )
    write_whole(out / CHECKPOINT_FILE, msgspec.json.encode(checkpoint))
    return checkpoint


trl_sft = Trainer(name="trl-sft", train=train, about="Fine-tune by TRL's SFTTrainer on the accepted members.")
