# kind: assert
# verdict: time_limit runtime_error
# threat: a set of integers that all have the same hash, in a reply to a script
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
text = ", ".join(str(k * (2**61 - 1)) for k in range(1, 300_000))
send(f'=["ok", {{"set": [{text}]}}, {{}}]'.encode())
os.read(PEER, 4)
