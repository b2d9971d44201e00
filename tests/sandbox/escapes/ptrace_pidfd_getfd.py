# kind: assert
# verdict: wrong_answer
# threat: the template's descriptors taken by pidfd_getfd
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
    for pid in {1, os.getppid()}:
        pidfd = call(434, pid, 0)
        if pidfd >= 0 and any(call(438, pidfd, fd, 0) >= 0 for fd in range(32)):
            return a + b
    return -1
