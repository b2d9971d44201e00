# kind: assert
# verdict: wrong_answer
# threat: objects of the harness that might lead to the other side: sockets, requests, examiners
import gc
import os
import socket


def add(a, b):
    gc.unfreeze()
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket) and thing.fileno() >= 0:
            try:
                os.fstat(thing.fileno())
                thing.send(b"\x00" * 44, socket.MSG_DONTWAIT)
                return a + b
            except OSError:
                pass
    return -1
