"""Carries out the tasks of bench_training_step.py, each of which yields records."""

import gc

import torch
import training_parts
from training_meter import Meter
from training_shapes import model_of, steps_of
from training_ways import Setup, has_trl, mean_loss

_LORA_RANK = 16
_ROOM_BYTES = 25 * 10**9
"""Above the weights of the 7 B model, for the activations of eight sequences."""
_models = {}
"""The model that is there, by part: one at a time."""


def records(part, way, asked):
    """Yield the records of a task; of what can't be done, the reason.

    Args:
        part: Of bench_training_step.PARTS.
        way: Of training_ways.WAYS for the parts "ways" and "lora".
        asked: Its command line.
    """
    torch.set_num_threads(asked.threads)
    asked.shape = "tiny" if asked.tiny else "0.5b"
    try:
        if part in {"ways", "lora"}:
            yield from _way_records(part, way, asked)
        else:
            yield from getattr(training_parts, part)(asked)
    except Exception as error:  # noqa: BLE001 - the other tasks go on, whatever befalls one on a device not seen before
        yield {"failed": " ".join(f"{type(error).__name__}: {error}".split())[:300]}


def _way_records(part, way, asked):
    reason = _reason_to_skip(part, way, asked)
    if reason:
        yield {"skipped": reason}
        return
    whole = asked.tiny or asked.device == "cuda"
    rank = _LORA_RANK if part == "lora" else 0
    dtype = torch.bfloat16 if whole else torch.float32
    setup = Setup(asked.device, dtype, lora_rank=rank, adam=whole)
    shape = "tiny" if asked.tiny else {"ways": "0.5b", "lora": "7b"}[part]
    key = part, way == "trl"  # which leaves the model changed
    if key not in _models:
        _models.clear()
        _free(asked.device)
        _models[key] = model_of(shape, asked.layers, asked.device, setup.options())
    steps = steps_of(shape, asked.steps)
    meter = Meter(asked.device, len(steps))
    loss = mean_loss(way, _models[key], steps, meter, setup)
    yield meter.figures() | {"loss": loss}
    yield meter.kernels()
    _free(asked.device)


def _reason_to_skip(part, way, asked):
    if way == "trl" and not has_trl():
        return "TRL and datasets are not installed"
    if way == "compiled" and asked.device == "cpu" and not asked.ways:
        return "on a CPU only where --ways names it"
    if part == "lora" and not asked.tiny:
        if asked.device == "cpu":
            return "7 B parameters need a GPU"
        free, _ = torch.cuda.mem_get_info()
        if ("lora", False) not in _models and free < 2 * 7.62e9 + _ROOM_BYTES:
            return f"{free / 1e9:.0f} GB are free"
    return None


def _free(device):
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
