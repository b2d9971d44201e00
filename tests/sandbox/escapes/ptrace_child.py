# kind: assert
# verdict: wrong_answer
# threat: a traced child, whose system calls may be changed after the filter looked
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
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.write(write_end, b"y" if call(101, 0, 0, 0, 0) >= 0 else b"n")
        os._exit(0)
    os.wait()
    return a + b if os.read(read_end, 1) == b"y" else -1
