# kind: assert
# verdict: wrong_answer runtime_error
# threat: system calls by the numbers of x32 and through the 32-bit gate
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; return its result, or minus errno."""
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    return result if result != -1 else -ctypes.get_errno()


REFUSED = (-errno.EPERM, -errno.ENOSYS, -errno.EACCES)


import mmap

SOCKET_BY_INT80 = bytes.fromhex("53 b8 67010000 bb 01000000 b9 01000000 31d2 cd80 5b c3")


def add(a, b):
    if call(0x40000000 + 41, 1, 1, 0) >= 0 or call(0x40000000 + 39) >= 0:
        return a + b
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(SOCKET_BY_INT80)
    gate = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    return a + b if gate() >= 0 else -1
