# kind: assert
# verdict: wrong_answer
# threat: a program in a memory file, executed by its descriptor
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
    name, empty = ctypes.create_string_buffer(b"program"), ctypes.create_string_buffer(b"")
    fd = call(319, ctypes.addressof(name), 0)
    if fd >= 0:
        return a + b
    for target in (0, 1, 2):
        if call(322, target, ctypes.addressof(empty), 0, 0, 0x1000) not in REFUSED:
            return a + b
    return -1
