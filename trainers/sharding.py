"""Converts tensors between whole and sharded for `accelerate launch --use_fsdp`.

Where nothing is sharded, tensors pass as they are.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from accelerate import Accelerator, DistributedType
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.fsdp.wrap import transformer_auto_wrap_policy
from torch.distributed.tensor import DTensor, distribute_tensor

from harness.errors import UserError

_FLAGS = "--use_fsdp --fsdp_version 2 --fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP"


def refuse_other_sharding(accelerator: Accelerator) -> None:
    """Refuse a launch that shards a model in a way that training doesn't support.

    Args:
        accelerator: That of this process, with the launcher's settings.

    Raises:
        UserError: The launcher's settings are such.
    """
    kind = accelerator.distributed_type
    if kind in {DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM}:
        raise UserError(f"{kind.value}: proctor trains with data parallel or FSDP: {_FLAGS}")
    if kind is DistributedType.MULTI_CPU and os.environ.get("ACCELERATE_USE_FSDP") == "true":
        raise UserError("--use_fsdp: accelerate shards models over GPUs only; leave it out")
    if kind is DistributedType.FSDP and not accelerator.is_fsdp2:
        raise UserError(f"--use_fsdp: version 1 of FSDP flattens the weights, which is not supported; give {_FLAGS}")
    if kind is DistributedType.FSDP:
        plugin = accelerator.state.fsdp_plugin
        if plugin.activation_checkpointing:
            raise UserError("--fsdp_activation_checkpointing: give proctor train --gradient-checkpointing on instead")
        if plugin.auto_wrap_policy is not transformer_auto_wrap_policy:
            raise UserError(f"--use_fsdp: the model is gathered block by block or not at all; give {_FLAGS}")


def whole(value: Any, *, keep: bool) -> Any:
    """Gather a sharded tensor, or those in a tree of dictionaries; all processes must call this with theirs.

    Args:
        value: A tensor, or nested dictionaries with tensors and anything else.
        keep: Whether this process needs the gathered tensors.

    Returns:
        The same tree with each sharded tensor whole, on the CPU, or None where not to `keep`; all else as it is.
    """
    if isinstance(value, dict):
        return {name: whole(part, keep=keep) for name, part in value.items()}
    if not isinstance(value, DTensor):
        return value
    met = gathered(value)
    return met.cpu() if keep else None


def gathered(value: Tensor) -> Tensor:
    """Gather a sharded tensor on the device where it is computed; all processes must call this with theirs.

    Args:
        value: Sharded or not.

    Returns:
        The whole tensor; `value` itself where it is not sharded.
    """
    if not isinstance(value, DTensor):
        return value
    part: Any = value.detach().to(value.device_mesh.device_type)  # offloaded parts can't be gathered in place
    found: Tensor = part.full_tensor()
    return found


@contextmanager
def unsharded(model: nn.Module) -> Iterator[None]:
    """Let the modules of a model that was called before be called by themselves.

    A call of a block puts its own weights together, a call of the model those that belong to no block.

    Args:
        model: Sharded by FSDP; any other is left as it is.
    """
    if not isinstance(model, FSDPModule):
        yield
        return
    model.unshard()
    yield
    model.reshard()


def parted(value: Tensor, like: Tensor) -> Tensor:
    """Return this process's part of a tensor, laid out as another one.

    Args:
        value: A whole tensor, the same in all processes.
        like: A tensor that may be sharded.

    Returns:
        The part, on the device of `like`; `value` itself where `like` is not sharded or has another shape.
    """
    if not isinstance(like, DTensor) or value.shape != like.shape:
        return value
    return distribute_tensor(value, like.device_mesh, like.placements, src_data_rank=None).to(like.device)
