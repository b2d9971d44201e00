# kind: assert
# verdict: wrong_answer
# threat: ptrace on the template
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
    attach, seize = 16, 0x4206
    for pid in {1, os.getppid()}:
        for request in (attach, seize):
            if call(101, request, pid, 0, 0) >= 0:
                return a + b
    return -1
