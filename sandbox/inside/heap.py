"""Keeps the free memory that a fork finds the same, because the addresses of objects show in the order of sets.

The interpreter hands out blocks of memory by size, from pools of equal blocks. Once it is warm, the template fills up
all pools but for a few blocks a size, from which it lives from then on; in any order that it leaves them, a fork first
takes the rest of these. So the program's objects are in pools that the template never touched. What is larger than a
block comes from the C library, which is set (GLIBC_TUNABLES in `sandbox.clients`) to join freed neighbours at once, and
has no gaps: of two that are equal it would hand out one and the other in turn.

Nothing here may itself leave an object behind, such as an integer above 256, where it would take a fresh pool.
Runs in the examined interpreter: standard library only.
"""

import ctypes
import gc
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

_POOL_BYTES, _POOL_HEADER_BYTES = 1 << 14, 48
_STEP, _LARGEST = 16, 512
_MOST_FILLED, _MOST_TAKEN = 1 << 18, 2000
"""More than there ever are: where memory is handed out in another way, we give up."""
_LARGEST_GAP, _ALIGNMENT = 1 << 16, 16
_LEFT_AT_THE_END = 2 << 12
"""What `malloc_trim` may leave unused at the end of the C library's memory, in bytes."""


def _own_blocks(size: int) -> int:
    """Return how many blocks of a size a template keeps: some more than it ever needed at once."""
    return 160 if size <= 64 else 32 if size <= 160 else 8


def _makers() -> Iterator[tuple[int, Callable[[int], Any], int]]:
    """Return for each size of blocks what makes an object of it, and its argument."""
    yield 16, lambda _: object(), 0
    yield 32, lambda number: number * number, 1 << 20  # an integer of two digits
    for size in range(48, _LARGEST + 1, _STEP):
        yield size, bytes, size - 33  # beside it, a bytes object has a header and a zero


def fill_gaps() -> None:
    """Take what is free of the C library's memory but for its end: modules that were compiled here leave gaps."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim"):  # not glibc
        return
    libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    libc.sbrk.argtypes, libc.sbrk.restype = [ctypes.c_ssize_t], ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    libc.malloc_trim(ctypes.c_size_t(0))
    end = libc.sbrk(0) - _LEFT_AT_THE_END
    for size in range(_LARGEST_GAP, 0, -_ALIGNMENT):
        while (address := libc.malloc(size)) < end:
            pass
        libc.free(address)  # which is at the end


class Reserve:
    """Holds the blocks of memory that a template lives on."""

    def __init__(self) -> None:
        """Fill up the pools, but for the template's own blocks; call it once the template is warm."""
        gc.collect()  # empties what the interpreter itself keeps for later, but for one slice
        slice(None)
        self._makers = tuple(_makers())
        self._budget = repeat(None, _MOST_TAKEN)
        self._taken: list[Any] = [None] * (2 * _MOST_TAKEN)
        del self._taken[_MOST_TAKEN:]  # it has room for as many
        self._full: list[Any] = [None] * _LARGEST
        self._next_pool = -1
        for size, make, argument in self._makers:
            self._fill(size, make, argument)

    def _fill(self, size: int, make: Callable[[int], Any], argument: int) -> None:
        """Take blocks until a pool is whole in our hands, so that every other one is full; leave some of it."""
        full, capacity, last, count = self._full, (_POOL_BYTES - _POOL_HEADER_BYTES) // size, -1, 0
        for _ in repeat(None, _MOST_FILLED):
            full.append(made := make(argument))
            count = count + 1 if id(made) // _POOL_BYTES == last else 1
            last = id(made) // _POOL_BYTES
            if count == capacity:
                break
        del made
        for _ in range(_own_blocks(size)):
            full.pop()

    def find_next_pool(self) -> None:
        """Take note of the pool that the next block of any size is from, once those of that size are full."""
        _, make, argument = self._makers[-1]
        own = []
        while (pool := id(made := make(argument)) // _POOL_BYTES) == id(self._full[-1]) // _POOL_BYTES:
            own.append(made)
        self._next_pool = pool

    def take(self) -> None:
        """Take all blocks that come before the pools which the template never touched: the fork's part."""
        taken, budget, next_pool = self._taken, self._budget, self._next_pool
        for _, make, argument in self._makers:
            made = None
            for _ in budget:
                if id(made := make(argument)) // _POOL_BYTES == next_pool:
                    break
                taken.append(made)
            del made  # so that the next size finds the same pool empty
