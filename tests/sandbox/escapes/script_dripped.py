# kind: assert
# verdict: time_limit runtime_error
# threat: a reply to a script sent a byte at a time, each within the time of a sleeper
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


import time

send(LOADED)
for byte in struct.pack("=I", 1000) + b'=["ok", ' + b" " * 1000:
    os.write(PEER, bytes([byte]))
    time.sleep(0.2)
