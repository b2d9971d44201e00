# kind: assert
# verdict: wrong_answer
# threat: a pidfd of the judge outside, asked of the socket that it made, and a signal through it
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; return its result, or minus errno."""
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    return result if result != -1 else -ctypes.get_errno()


REFUSED = (-errno.EPERM, -errno.ENOSYS, -errno.EACCES)


import socket


def add(a, b):
    peer_pidfd = 77
    for fd in range(3, 32):
        try:
            peer = socket.socket(fileno=os.dup(fd))
            pidfd = peer.getsockopt(socket.SOL_SOCKET, peer_pidfd)
        except OSError:
            continue
        if call(424, pidfd, 0, 0, 0) >= 0 or call(438, pidfd, 0, 0) >= 0:
            return a + b
    return -1
