# kind: assert
# verdict: wrong_answer runtime_error
# threat: a second reply to the loading, in place of an answer
import os
import stat
import struct
import sys


def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False


def local(name):
    frame = sys._getframe()
    while frame and name not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals[name] if frame else None


PEER = next(filter(is_socket, range(3, 32)), 1)
LOADED = b'=["ok", {"dict": [["add", {"handle": 0}]]}, {}]'


def send(text):
    data = struct.pack("=I", len(text)) + text
    while data:
        data = data[os.write(PEER, data) :]


send(LOADED)
send(LOADED)


def add(a, b):
    send(LOADED)
    return -1
