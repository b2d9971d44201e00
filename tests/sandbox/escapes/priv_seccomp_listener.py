# kind: assert
# verdict: wrong_answer
# threat: a filter of its own with a listener, on which a child hangs for good
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; return its result, or minus errno."""
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    return result if result != -1 else -ctypes.get_errno()


REFUSED = (-errno.EPERM, -errno.ENOSYS, -errno.EACCES)


import struct

code = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FC00000))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(code)))


def add(a, b):
    set_mode_filter, new_listener = 1, 8
    if os.fork() == 0:
        call(317, set_mode_filter, new_listener, ctypes.addressof(program))
        os._exit(0)
    return -1
