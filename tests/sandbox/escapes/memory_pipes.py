# kind: assert
# verdict: wrong_answer
# threat: memory held by the kernel in pipes and sockets
import fcntl
import os
import socket

kept = []


def add(a, b):
    try:
        for _ in range(40):
            kept.extend((os.pipe(), socket.socketpair()))
            (_, end), (one, _) = kept[-2:]
            one.setblocking(False)
            os.set_blocking(end, False)
            set_pipe_size = 1031
            for fill, target in ((os.write, end), (socket.socket.send, one)):
                try:
                    fcntl.fcntl(end, set_pipe_size, 1 << 20)
                    fill(target, bytes(1 << 20))
                except (BlockingIOError, PermissionError):
                    pass
    except OSError:
        pass
    return -1
