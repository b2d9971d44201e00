# kind: assert
# verdict: wrong_answer
# threat: io_uring, whose operations no filter of system calls sees
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
    parameters = ctypes.create_string_buffer(256)
    if call(425, 4, ctypes.addressof(parameters)) not in REFUSED or call(426, 0, 0, 0, 0, 0, 0) not in REFUSED:
        return a + b
    return -1
