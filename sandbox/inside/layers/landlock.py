"""Restricts paths by Landlock, the kernel's access control for processes without privileges (Linux 5.13 and newer)."""

import ctypes
import errno
import os
import struct
from collections.abc import Callable, Iterable

from sandbox.inside.layers.kernel import prepared_syscall, syscall

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_READ = _READ_FILE | _READ_DIR
_FILE_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_NETWORK_FROM_ABI, _SCOPES_FROM_ABI = 4, 6
_BIND_AND_CONNECT_TCP = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
_LACKING_BEFORE_ABI = {
    2: "files can't be moved from folder to folder",
    3: "truncating by path is left to seccomp and read-only mounts",
    4: "TCP is left to seccomp",
    6: "signals and abstract sockets are left to seccomp and namespaces",
}
"""What Landlock does not do before a version of it, and what follows."""


def abi() -> int:
    """Return the version of Landlock that the kernel speaks.

    Raises:
        OSError: where it has none, with the reason and what follows.
    """
    version_flag = 1
    try:
        return syscall("landlock_create_ruleset", None, ctypes.c_size_t(0), ctypes.c_uint(version_flag))
    except OSError as error:
        why = "is switched off at boot" if error.errno == errno.EOPNOTSUPP else "needs Linux 5.13 or newer"
        lost = "only a mount namespace hides the host's files"
        raise OSError(f"{error.strerror or error}; Landlock {why}: {lost}") from None


def describe_abi(version: int) -> str:
    """Name a version of Landlock in one line, with what it lacks and what follows.

    Args:
        version: of `abi`.

    >>> describe_abi(6)
    'ABI 6'
    >>> describe_abi(4)
    'ABI 4, an older kernel: signals and abstract sockets are left to seccomp and namespaces'
    """
    lacking = [what for before, what in _LACKING_BEFORE_ABI.items() if version < before]
    return f"ABI {version}" + (f", an older kernel: {'; '.join(lacking)}" if lacking else "")


def ruleset(readable: Iterable[str], listable: Iterable[str], writable: Iterable[str]) -> int:
    """Return the descriptor of a rule set in which nothing but these paths can be touched.

    Args:
        readable: files and folders whose contents may be read.
        listable: folders whose names may be listed, but not read.
        writable: folders with all rights but executing, and device files that may be read and written.
    """
    version = abi()
    rights = _FILE_RIGHTS_BY_ABI.get(version, _FILE_RIGHTS_BY_ABI[5])
    fields = [rights]
    if version >= _NETWORK_FROM_ABI:
        fields.append(_BIND_AND_CONNECT_TCP)
    if version >= _SCOPES_FROM_ABI:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    handle = syscall("landlock_create_ruleset", attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    for path in readable:
        _allow(handle, path, _READ)
    for path in listable:
        _allow(handle, path, _READ_DIR)
    for path in writable:
        _allow(handle, path, rights & ~_EXECUTE)
    return handle


def _allow(handle: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _READ_FILE | _WRITE_FILE | _TRUNCATE
        rule = struct.pack("=Qi", rights, fd)
        path_beneath = 1
        syscall("landlock_add_rule", ctypes.c_int(handle), ctypes.c_int(path_beneath), rule, ctypes.c_uint(0))
    finally:
        os.close(fd)


def enter(handle: int) -> None:
    """Bind the calling process, and all that it starts, to a rule set; no_new_privs must be set.

    Args:
        handle: descriptor of `ruleset`; it is closed.

    Raises:
        OSError: The kernel refuses.
    """
    syscall("landlock_restrict_self", ctypes.c_int(handle), ctypes.c_uint(0))
    os.close(handle)


def prepared_restriction(handle: int) -> Callable[[], int]:
    """Return a call, made beforehand, that binds its process to a rule set.

    Args:
        handle: descriptor of `ruleset`, which must stay open until the call.

    Returns:
        The call; its result is not 0 where it fails.
    """
    return prepared_syscall("landlock_restrict_self", ctypes.c_int(handle), ctypes.c_uint(0))
