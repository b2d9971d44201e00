# kind: assert
# verdict: wrong_answer
# threat: calls that change the machine: clocks, names, modules, swap, ports, kexec, reboot (with wrong magic)
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; return its result, or minus errno."""
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    return result if result != -1 else -ctypes.get_errno()


REFUSED = (-errno.EPERM, -errno.ENOSYS, -errno.EACCES)


NUMBERS = (164, 227, 159, 305, 170, 171, 175, 313, 176, 167, 168, 172, 173, 246, 320, 169, 163, 179, 103, 135, 154, 153)


def add(a, b):
    answers = {number: call(number, -1, -1, -1, -1, -1, -1) for number in NUMBERS}
    return -1 if all(answer in REFUSED for answer in answers.values()) else a + b
