"""Keeps the memory that a fork finds the same, because the addresses of objects show in the order of sets, and small.

The interpreter hands out blocks of memory by size, from pools of equal blocks. Once it is warm, the template fills up
all pools but for a few blocks a size, from which it lives from then on. Before each fork it takes those that are free,
whatever their order by then, so that a fork finds none, and gives itself a few back afterwards, or all of them where
anything out of the ordinary happens. So a program's objects are in pools of its own. What is larger than a block comes
from the C library, which is set (GLIBC_TUNABLES in `sandbox.clients`) to join freed neighbours at once, and has no
gaps: of two that are equal it would hand out one and the other in turn.

A page of memory that template or fork writes to while they share it is copied, which is what a fork costs most. So the
template's own blocks lie together, and it writes to few others.

Nothing here may itself leave an object behind, such as an integer above 256, where it would take a fresh pool.
Runs in the examined interpreter: standard library only.
"""

import ctypes
import functools
import gc
import mmap
import os
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import repeat
from typing import Any

_POOL_BITS, _POOL_BYTES, _POOL_HEADER_BYTES = 14, 1 << 14, 48
_STEP, _LARGEST = 16, 512
_SIZES = _LARGEST // _STEP
_MOST_FILLED, _MOST_FREE, _MOST_HELD = 1 << 18, 250, 4000
"""More than there ever are: where memory is handed out in another way, we give up."""
_INTEGERS = 32
_FEW = {_INTEGERS: 16, 16: 4, 48: 8, 64: 8, 80: 8, 96: 4, 112: 2, 176: 2, 224: 2}
"""How many blocks of a size a template needs while nothing out of the ordinary happens."""
MOST_GAPS = 500
"""More than there are between objects of one size: once they are filled, further ones lie beside each other."""
_LARGEST_GAP, _ALIGNMENT = 1 << 16, 16
_LEAST_CHUNK, _CHUNK_HEADER, _END_APART = 32, 8, 1 << 20
_MORE_LARGEST_A_POOL = (_POOL_BYTES - _POOL_HEADER_BYTES) // _LARGEST - 1
_ARENA_BYTES, _MOST_POOLS = 1 << 20, 1 << 10
_POOLS_AN_ARENA = (_ARENA_BYTES >> _POOL_BITS) - 1
"""One more where it begins at a multiple of their size."""
_UNUSABLE = 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0
_LEFT_AT_THE_END = 2 << 12
"""What `malloc_trim` may leave unused at the end of the C library's memory, in bytes."""

_libc, _interpreter = ctypes.CDLL(None), ctypes.pythonapi
_PROTOTYPES: tuple[tuple[Any, ...], ...] = (
    (_libc.malloc, ctypes.c_void_p, ctypes.c_size_t),
    (_libc.free, None, ctypes.c_void_p),
    (_libc.madvise, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int),
    (_libc.mmap, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long),
    (_libc.munmap, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t),
    (_interpreter.PyObject_Malloc, ctypes.c_void_p, ctypes.c_size_t),
    (_interpreter.PyObject_Free, None, ctypes.c_void_p),
)
for _call, _returned, *_taken in _PROTOTYPES:
    _call.restype, _call.argtypes = _returned, _taken
if hasattr(_libc, "malloc_trim"):  # glibc
    _libc.malloc_trim.argtypes = [ctypes.c_size_t]
    _libc.sbrk.restype, _libc.sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]


def _own_blocks(size: int) -> int:
    """Return how many blocks of a size a template keeps: some more than it ever needed at once."""
    return 160 if size <= 64 else 32 if size <= 160 else 8


def _makers() -> Iterator[tuple[int, Callable[[Any], Any], Any]]:
    """Return for each size of blocks what makes an object of it, and its argument.

    None of them makes anything else: a tuple of arguments would be kept for later, and be there for the fork.
    """
    next_value, absolute, fill_up = functools.partial(next), functools.partial(abs), functools.partial(b"".ljust)
    yield 16, next_value, iter(object, None)
    yield 32, absolute, -(1 << 40)  # an integer of two digits
    for size in range(48, _LARGEST + 1, _STEP):
        yield size, fill_up, size - 33  # beside it, a bytes object has a header and a zero


def fill_gaps() -> None:
    """Take what is free of the C library's memory, up to an end that is the same after most starts.

    Modules that were compiled here leave gaps, and another end.
    """
    if not hasattr(_libc, "malloc_trim"):  # not glibc
        return
    malloc = _libc.malloc
    _libc.malloc_trim(0)
    end = _libc.sbrk(0) - _LEFT_AT_THE_END
    for size in range(_LARGEST_GAP, 0, -_ALIGNMENT):
        while (address := malloc(size)) < end:
            pass
        _libc.free(address)  # which is at the end
    left = (-address - _LEAST_CHUNK) % _END_APART + _LEAST_CHUNK
    while left:
        step = _LARGEST_GAP if left >= 2 * _LARGEST_GAP else left
        malloc(step - _CHUNK_HEADER)
        left -= step


def _use_up_arenas(own_pool: int) -> None:
    """Take all that is left of the interpreter's arenas, so that the next pool is the first of one in its own place.

    How much is left, and in what order it comes, depends on what was free at each moment of a start: on when the
    collector ran, on modules that were compiled, and on what others did with files and control groups meanwhile. A
    full pool is not read until a block of it is freed, so its memory goes back to the kernel, and no fork pays for it.

    Args:
        own_pool: the template's own of the largest blocks, which stays as it is.
    """
    malloc, own, arenas, pools, mapped = _interpreter.PyObject_Malloc, array("Q"), 0, 0, _mapped_bytes()
    while pools < _MOST_POOLS:
        first = malloc(_LARGEST)
        if first >> _POOL_BITS == own_pool:
            own.append(first)
            continue
        if _mapped_bytes() - mapped >= _ARENA_BYTES:
            arenas, pools, mapped = arenas + 1, 0, mapped + _ARENA_BYTES
            if arenas == 2:
                own.append(first)
                break
        if first % _POOL_BYTES == _POOL_HEADER_BYTES:
            for _ in repeat(None, _MORE_LARGEST_A_POOL):
                last = malloc(_LARGEST)
            if last - first == _MORE_LARGEST_A_POOL * _LARGEST:
                _libc.madvise(first - _POOL_HEADER_BYTES, _POOL_BYTES, mmap.MADV_DONTNEED)
        pools += 1
        if arenas == 1 and pools == _POOLS_AN_ARENA:
            _place_next_arena()
            mapped = _mapped_bytes()
    for block in own:
        _interpreter.PyObject_Free(block)


def _place_next_arena() -> None:
    """Map what no one uses, so that the next arena, which the kernel puts below, begins at a multiple of its size."""
    below = _libc.mmap(None, _ARENA_BYTES, *_UNUSABLE)
    _libc.munmap(below, _ARENA_BYTES)
    _libc.mmap(None, _ARENA_BYTES + below % _ARENA_BYTES, *_UNUSABLE)


def _mapped_bytes() -> int:
    with open("/proc/self/statm", "rb", buffering=0) as file:
        return int(file.read(64).split()[0]) * mmap.PAGESIZE


class Reserve:
    """Holds the blocks of memory that a template lives on."""

    def __init__(self) -> None:
        """Fill up the pools, but for the template's own blocks; call it once the template is warm."""
        gaps = [(functools.partial(id), (number, number, number)) for number in range(MOST_GAPS)]
        collect, address = functools.partial(gc.collect), functools.partial(id)  # all that `hold` touches is here
        makers = sorted(_makers(), key=lambda maker: (maker[0] in _FEW, maker[0] == _INTEGERS))
        self._makers = tuple((make, argument, _MOST_FREE - _FEW.get(size, 0)) for size, make, argument in makers)
        self._first_of_few = len(makers) - len(_FEW)
        self._first = 0
        self.few: list[Any] = [None] * (2 * _MOST_FREE)
        """What the template gets back after each fork, down to the first None: all that it needs usually."""
        self._rest: list[Any] = [None] * (2 * _MOST_HELD)
        del self.few[_MOST_FREE:], self._rest[_MOST_HELD:]  # they have room for as many
        self._tools = collect, address, self._makers, self.few.append, self._rest.append
        self._full: list[Any] = [None] * _LARGEST
        self._own_pools, self._next_pool = array("Q"), -1
        del gaps
        gc.collect()  # empties what the interpreter itself keeps for later, but for one slice
        slice(None)
        for size, make, argument in _makers():
            self._fill(size, make, argument)

    def _fill(self, size: int, make: Callable[[Any], Any], argument: Any) -> None:
        """Take blocks until a pool is whole in our hands, so that every other one is full; leave some of it."""
        full, capacity, last, count = self._full, ((1 << _POOL_BITS) - _POOL_HEADER_BYTES) // size, -1, 0
        for _ in repeat(None, _MOST_FILLED):
            full.append(made := make(argument))
            count = count + 1 if id(made) >> _POOL_BITS == last else 1
            last = id(made) >> _POOL_BITS
            if count == capacity:
                break
        del made
        self._own_pools.append(last)
        del full[-capacity : _own_blocks(size) - capacity]  # beside the pool's own page

    def settle(self) -> None:
        """Keep for good what became free since; only the blocks that were left at first, and lie together, are used."""
        self.release()
        self.hold()
        for row, base in ((self.few, _MOST_FREE), (self._rest, _MOST_HELD)):
            self._full.extend(made for made in row[base:] if id(made) >> _POOL_BITS not in self._own_pools)
        self.release()
        gc.collect()  # a list of the two lines above is kept for later, in a pool that would have no other object
        fill_gaps()
        _use_up_arenas(self._own_pools[-1])
        self.find_next_pool()

    def find_next_pool(self) -> None:
        """Take note of the pool that the next block of any size is from, once those of that size are full."""
        *_, (_, make, argument) = _makers()
        own = []
        while (pool := id(made := make(argument)) >> _POOL_BITS) == self._own_pools[-1]:
            own.append(made)
        self._next_pool = pool

    def hold(self) -> None:
        """Take all blocks that come before the pools which the template never touched, so that a fork finds none.

        There is no iterator in here, and no large number but the addresses: it would itself be in a block that is free
        at the end. Integers come last, because each address is one.
        """
        collect, address, makers, hold_few, hold_rest = self._tools
        collect()  # what the interpreter keeps for later goes back, so that the fork finds none of it
        next_pool, at = self._next_pool, self._first
        while at < _SIZES:
            make, argument, few_from = makers[at]
            left = _MOST_FREE
            while left and address(made := make(argument)) >> _POOL_BITS != next_pool:
                if left > few_from:
                    hold_few(made)
                else:
                    hold_rest(made)
                left -= 1
            made = None  # so that the next size finds the same pool empty
            at += 1
        self._first = self._first_of_few

    def release(self) -> None:
        """Give the template all of its blocks."""
        self._first = 0
        for held in (self.few, self._rest):
            while held[-1] is not None:
                held.pop()


def share_code() -> None:
    """Have forks inherit the addresses of code and constants in memory, page by page, rather than find out one by one.

    The kernel copies that at a fork only for a mapping of which the process has a page of its own; so it gets one, in
    which the same is written that was there. Where the kernel allows no such writing, forks are a little dearer.
    """
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        rows = [row.split(None, 5) for row in maps]
    with suppress(OSError):
        memory = os.open("/proc/self/mem", os.O_RDWR)
        try:
            for area, rights, *_, path in rows:
                if rights[1] == "-" and rights[3] == "p" and path.startswith("/"):
                    start = int(area.partition("-")[0], 16)
                    os.pwrite(memory, os.pread(memory, 1, start), start)
        finally:
            os.close(memory)
