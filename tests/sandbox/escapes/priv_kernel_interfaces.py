# kind: assert
# verdict: wrong_answer
# threat: bpf, userfaultfd, perf events, keys, fanotify, memory of other nodes
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; return its result, or minus errno."""
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    return result if result != -1 else -ctypes.get_errno()


REFUSED = (-errno.EPERM, -errno.ENOSYS, -errno.EACCES)


NUMBERS = (321, 323, 298, 248, 249, 250, 300, 301, 279, 256, 237, 238, 239, 312, 447, 440, 448)


def add(a, b):
    answers = {number: call(number, -1, 0, 0, 0, 0, 0) for number in NUMBERS}
    return -1 if all(answer in REFUSED for answer in answers.values()) else a + b
