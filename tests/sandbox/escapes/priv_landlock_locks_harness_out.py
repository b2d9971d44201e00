# kind: assert
# verdict: wrong_answer runtime_error
# threat: a rule set of its own that forbids everything, put on the harness too
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
    rights = ctypes.c_uint64((1 << 13) - 1)
    ruleset = call(444, ctypes.addressof(rights), 8, 0)
    call(446, ruleset, 0)
    call(157, 22, 1, 0, 0, 0)
    try:
        os.listdir("/")
    except OSError:
        pass
    return -1
