"""GRPO by the library TRL, rewarded by proctor's judge: every completion runs in the sandbox.

    python examples/trl_grpo.py MODEL OUT STEPS

MODEL is an instruct model, a folder or an id of the hub; it is trained on the problems that ship with proctor.
"""

import sys

import msgspec
import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from harness.benchmarks.mini import mini
from harness.examination.trl_reward import judged_reward
from harness.generation.prompts import load_card, render_prompt
from trainers.compile.rewards import OF_VERDICT, PAPER

model, out, steps = sys.argv[1:]
problems, card = mini.problems(None), load_card("chat")
rows = [
    {"task_id": task_id, "prompt": msgspec.to_builtins(render_prompt(card, problem, problems))}
    for task_id, problem in problems.items()
]
rewards = {verdict: PAPER.rewards[status] for verdict, status in OF_VERDICT.items() if status in PAPER.rewards}
trainer = GRPOTrainer(
    model=model,
    reward_funcs=judged_reward(problems, rewards=rewards),
    train_dataset=Dataset.from_list(rows),
    args=GRPOConfig(
        output_dir=out,
        max_steps=int(steps),
        per_device_train_batch_size=4,
        num_generations=4,
        max_completion_length=64,
        logging_steps=1,
        use_cpu=not torch.cuda.is_available(),
        bf16=torch.cuda.is_available(),
        report_to="none",
        save_strategy="no",
    ),
)
trainer.train()
trainer.save_model(out)
print("mean reward:", trainer.state.log_history[0]["reward"])
