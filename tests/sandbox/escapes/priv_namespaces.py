# kind: assert
# verdict: wrong_answer
# threat: new namespaces by unshare, clone and setns, for capabilities in them
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; return its result, or minus errno."""
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    return result if result != -1 else -ctypes.get_errno()


REFUSED = (-errno.EPERM, -errno.ENOSYS, -errno.EACCES)


FLAGS = (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000, 0x80)


def add(a, b):
    for flag in FLAGS:
        if call(272, flag) >= 0 or call(272, 0x10000000 | flag) >= 0 or call(308, 0, flag) not in REFUSED:
            return a + b
        child = call(56, 17 | flag, 0, 0, 0, 0) if flag != 0x80 else -1
        if child == 0:
            os._exit(0)
        if child > 0:
            return a + b
    return -1
