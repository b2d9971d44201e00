"""Calls the kernel for the little that the standard library does not wrap in every supported version."""

import ctypes
import functools
import os
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

MACHINE = os.uname().machine
_LONGS_OF_USAGE = 18
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38

_NUMBERS = {
    "x86_64": {"capset": 126, "pivot_root": 155, "seccomp": 317},
    "aarch64": {"capset": 91, "pivot_root": 41, "seccomp": 277},
}
_SAME_EVERYWHERE = {"landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446}


def checked(result: int, what: str) -> int:
    """Return the result of a C call.

    Args:
        result: what the call returned.
        what: the call, for the error.

    Raises:
        OSError: The result is -1; with errno.
    """
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(name: str, *arguments: object) -> int:
    """Make a raw system call and return its result.

    Args:
        name: of the call, among those with numbers in this module.
        *arguments: as ctypes takes them.

    Raises:
        OSError: The kernel refuses, or the machine is unknown.
    """
    return checked(int(_libc.syscall(ctypes.c_long(_number(name)), *arguments)), name)


def _number(name: str) -> int:
    number = _SAME_EVERYWHERE.get(name) or _NUMBERS.get(MACHINE, {}).get(name)
    if number is None:
        raise OSError(f"{name}: unknown on {MACHINE}")
    return number


def prepared_wait() -> tuple[Callable[..., int], ctypes.c_void_p, ctypes.c_void_p, "array[int]", "array[int]"]:
    """Return wait4(2), its two pointers, and the two rows that these point to: the status, and the usage as longs.

    `os.wait4` imports a module each time, which touches a dozen pages of memory.
    """
    status, usage = array("i", [0]), array("l", [0] * _LONGS_OF_USAGE)
    return _libc.wait4, *(ctypes.c_void_p(row.buffer_info()[0]) for row in (status, usage)), status, usage  # type: ignore[return-value]


def prepared_syscall(name: str, *arguments: object) -> Callable[[], int]:
    """Return a raw system call that has its arguments, for a fork that should touch as little memory as can be.

    Args:
        name: as in `syscall`.
        *arguments: as in `syscall`.

    Returns:
        The call, whose result is -1 where the kernel refuses.

    Raises:
        OSError: The machine is unknown.
    """
    return functools.partial(_libc.syscall, ctypes.c_long(_number(name)), *arguments)


def prctl(option: int, value: int) -> None:
    """Set a property of the calling process.

    Args:
        option: one of PR_SET_*.
        value: the second argument of prctl(2).

    Raises:
        OSError: The kernel refuses.
    """
    checked(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), "prctl")


@contextmanager
def fixed_addresses() -> Iterator[str]:
    """Have what the calling thread starts lie at the same addresses every time; yield how that went, as of a layer.

    The address of an object shows in the order of sets, so a verdict could move with it.
    """
    ask, no_randomize = 0xFFFFFFFF, 0x0040000
    before, how = 0, "in force"
    try:
        before = checked(_libc.personality(ctypes.c_ulong(ask)), "personality")
        checked(_libc.personality(ctypes.c_ulong(before | no_randomize)), "personality")
    except OSError as error:
        how = f"absent: {error}"
    try:
        yield how
    finally:
        if how == "in force":
            _libc.personality(ctypes.c_ulong(before))


def unshare(flags: int) -> None:
    """Leave namespaces for new ones.

    Args:
        flags: CLONE_NEW* bits, see `sandbox.inside.layers.namespaces.FLAGS`.

    Raises:
        OSError: The kernel refuses.
    """
    checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount, bind, remount or re-propagate a file system.

    Args:
        source: as in mount(2), like the others.
        target: the mount point.
        kind: type of the file system.
        flags: MS_* bits.
        options: of the file system, such as "mode=755,size=1m".

    Raises:
        OSError: The kernel refuses.
    """
    done = _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    checked(done, f"mount {target}")


def unmount(target: str) -> None:
    """Detach a mount at once, even where it is busy.

    Args:
        target: the mount point.

    Raises:
        OSError: The kernel refuses.
    """
    mnt_detach = 2
    checked(_libc.umount2(target.encode(), mnt_detach), f"umount {target}")


def drop_capabilities() -> None:
    """Give up every capability for good (with no_new_privs nothing brings one back)."""
    version_3 = 0x20080522
    header = (ctypes.c_uint32 * 2)(version_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    syscall("capset", ctypes.byref(header), ctypes.byref(nothing))
