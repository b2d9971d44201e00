# kind: assert
# verdict: wrong_answer
# threat: the template's processors, priority and policy; real-time priority for itself
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
    mask = ctypes.c_uint64(1)
    parameter = ctypes.c_int(1)
    for pid in {1, os.getppid()} - {0}:
        if call(203, pid, 8, ctypes.addressof(mask)) >= 0 or call(141, 0, pid, 19) >= 0:
            return a + b
        if call(144, pid, 3, ctypes.addressof(ctypes.c_int(0))) >= 0 or call(251, 1, pid, 0x6000) >= 0:
            return a + b
    for policy in (1, 2):
        if call(144, 0, policy, ctypes.addressof(parameter)) >= 0:
            return a + b
    return a + b if call(141, 0, 0, -20) >= 0 else -1
