# kind: assert
# verdict: wrong_answer runtime_error
# threat: sockets of the harness that might lead to the judge, used under their old numbers
import gc
import os
import socket


def add(a, b):
    gc.unfreeze()
    for thing in gc.get_objects():
        if type(thing) is socket.socket and thing.fileno() >= 0:
            try:
                os.fstat(thing.fileno())
                thing.send(b"\x00" * 44, socket.MSG_DONTWAIT)
                return a + b
            except OSError:
                pass
    return -1
