# kind: assert
# verdict: wrong_answer
# threat: mount, umount, pivot_root, chroot and their modern kin
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; return its result, or minus errno."""
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    return result if result != -1 else -ctypes.get_errno()


REFUSED = (-errno.EPERM, -errno.ENOSYS, -errno.EACCES)


def add(a, b):
    path, none = ctypes.create_string_buffer(b"/tmp"), ctypes.create_string_buffer(b"tmpfs")
    at, kind = ctypes.addressof(path), ctypes.addressof(none)
    attempts = [(165, kind, at, kind, 0, 0), (166, at, 2), (155, at, at), (161, at), (428, -100, at, 1)]
    attempts += [(429, -1, 0, -100, 0, 0), (430, kind, 0), (432, -1, 0, 0), (442, -100, at, 0, 0, 0)]
    attempts += [(303, -100, at, 0, 0, 0), (304, -1, 0, 0)]
    if any(call(*attempt) not in REFUSED for attempt in attempts):
        return a + b
    return -1
