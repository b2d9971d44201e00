# kind: assert
# verdict: wrong_answer
# threat: the template's memory read and written without ptrace
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
    buffer = ctypes.create_string_buffer(8)
    mine = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
    theirs = (ctypes.c_size_t * 2)(id(add), 8)
    for pid in {1, os.getppid()}:
        for number in (310, 311):
            if call(number, pid, ctypes.addressof(mine), 1, ctypes.addressof(theirs), 1, 0) >= 0:
                return a + b
    return -1
