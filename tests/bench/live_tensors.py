"""Counts the memory that tensors take."""

import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveTensors(TorchDispatchMode):
    """Adds up the bytes of all tensors that are alive, and remembers the most."""

    def __init__(self, there=()):
        """Begin with the tensors that are there."""
        super().__init__()
        self.live, self.now, self.peak = {}, 0, 0
        for tensor in there:
            self.meet(tensor)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Meet what an operation returns."""
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                self.meet(leaf)
        return out

    def meet(self, tensor):
        """Count the tensor's memory, unless another one that is alive shares it."""
        storage = tensor.untyped_storage()  # the same object for as long as the memory is there
        if id(storage) not in self.live:
            self.live[id(storage)] = storage.nbytes()
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self.leave, id(storage))

    def leave(self, key):
        """Count it no more."""
        self.now -= self.live.pop(key)
