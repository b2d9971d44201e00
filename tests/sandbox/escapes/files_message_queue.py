# kind: assert
# verdict: wrong_answer
# threat: a POSIX message queue left behind
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
    name = ctypes.create_string_buffer(b"left")
    for flags in (os.O_RDWR, os.O_RDWR | os.O_CREAT):
        if call(240, ctypes.addressof(name), flags, 0o666, 0) >= 0:
            return a + b
    return -1
