"""What is shared out over processes; test_two_processes.py has trainings that do so."""

from types import SimpleNamespace

import pytest
import torch
from accelerate import DistributedType
from torch.distributed.fsdp.wrap import size_based_auto_wrap_policy, transformer_auto_wrap_policy

from harness.errors import UserError
from trainers.sharding import parted, refuse_other_sharding, unsharded, whole

pytestmark = pytest.mark.slow


def launched(kind, *, version=2, activation_checkpointing=False, policy=transformer_auto_wrap_policy):
    """Return what an accelerator says of how it was launched."""
    plugin = SimpleNamespace(activation_checkpointing=activation_checkpointing, auto_wrap_policy=policy)
    return SimpleNamespace(
        distributed_type=kind,
        is_fsdp2=kind is DistributedType.FSDP and version == 2,
        state=SimpleNamespace(fsdp_plugin=plugin),
    )


@pytest.mark.parametrize("kind", [DistributedType.NO, DistributedType.MULTI_GPU, DistributedType.FSDP])
def test_data_parallel_and_fsdp_are_taken(monkeypatch, kind):
    """A single process, too, which has nothing to share out, under any settings."""
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")

    refuse_other_sharding(launched(kind))


@pytest.mark.parametrize(
    ("accelerator", "message"),
    [
        (launched(DistributedType.DEEPSPEED), "DEEPSPEED: proctor trains with data parallel or FSDP"),
        (launched(DistributedType.FSDP, version=1), "--fsdp_version 2"),
        (launched(DistributedType.FSDP, policy=None), "--fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP"),
        (launched(DistributedType.FSDP, policy=size_based_auto_wrap_policy), "TRANSFORMER_BASED_WRAP"),
        (launched(DistributedType.FSDP, activation_checkpointing=True), "--gradient-checkpointing on instead"),
        (launched(DistributedType.MULTI_CPU), "over GPUs only; leave it out"),
    ],
)
def test_other_ways_are_refused(monkeypatch, accelerator, message):
    """In one line that says what to do."""
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")

    with pytest.raises(UserError, match=message):
        refuse_other_sharding(accelerator)


def test_what_is_not_shared_out_passes_as_it_is():
    """The very tensors: a single process pays nothing."""
    tensor, model = torch.zeros(3), torch.nn.Linear(1, 1)

    tree = whole({"state": {0: {"moment": tensor}}, "rate": 0.1}, keep=True)

    assert tree["state"][0]["moment"] is tensor
    assert tree["rate"] == 0.1
    assert parted(tensor, torch.ones(3)) is tensor
    with unsharded(model):
        assert model(torch.zeros(1)) == model.bias
