# kind: assert
# verdict: wrong_answer
# threat: limits raised, its own and those of the template
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; return its result, or minus errno."""
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    return result if result != -1 else -ctypes.get_errno()


REFUSED = (-errno.EPERM, -errno.ENOSYS, -errno.EACCES)


import resource


def add(a, b):
    for which in range(16):
        soft, hard = resource.getrlimit(which)
        if hard != resource.RLIM_INFINITY:
            try:
                resource.setrlimit(which, (hard + 1, hard + 1))
                return a + b
            except (OSError, ValueError):
                pass
        limits = (ctypes.c_uint64 * 2)(1, 1)
        for pid in {1, os.getppid()} - {0}:
            if call(302, pid, which, ctypes.addressof(limits), 0) >= 0:
                return a + b
    return -1
