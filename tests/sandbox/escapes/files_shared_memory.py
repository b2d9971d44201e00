# kind: assert
# verdict: wrong_answer
# threat: System V shared memory, semaphores and queues left behind
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
    create = 0o1666
    shared, semaphores, queue = call(29, 4242, 4096, create), call(64, 4242, 1, create), call(68, 4242, create)
    return a + b if max(shared, semaphores, queue) >= 0 else -1
