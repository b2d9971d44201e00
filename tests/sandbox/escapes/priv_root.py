# kind: assert
# verdict: wrong_answer runtime_error
# threat: the rights of root taken back: user, groups, capabilities
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; return its result, or minus errno."""
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    return result if result != -1 else -ctypes.get_errno()


REFUSED = (-errno.EPERM, -errno.ENOSYS, -errno.EACCES)


def status(name):
    return next(row.split()[1:] for row in open("/proc/self/status") if row.startswith(name))


def add(a, b):
    for number, arguments in ((105, (0,)), (106, (0,)), (117, (0, 0, 0)), (119, (0, 0, 0)), (116, (0, 0))):
        call(number, *arguments)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    everything = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
    call(126, ctypes.addressof(header), ctypes.addressof(everything))
    call(157, 8, 1, 0, 0, 0)
    call(157, 47, 2, 0, 0, 0)
    gained = any(int(status(name)[0], 16) for name in ("CapEff", "CapPrm", "CapAmb", "CapInh"))
    return a + b if gained or status("NoNewPrivs") != ["1"] else -1
