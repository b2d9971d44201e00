# kind: assert
# verdict: time_limit
# threat: a set of integers that all have the same hash, for the examiner to build
import json
import os
import stat
import struct
import sys


def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False


def is_scripted():
    frame = sys._getframe()
    while frame and "script" not in frame.f_locals:
        frame = frame.f_back
    return bool(frame and frame.f_locals["script"])


PEER = next(filter(is_socket, range(3, 32)), 1)
FIRST = [b"?"] if is_scripted() else []


def send(text):
    text = FIRST.pop() + text if FIRST else text
    data = struct.pack("=I", len(text)) + text
    while data:
        data = data[os.write(PEER, data) :]


def receive():
    (length,) = struct.unpack("=I", os.read(PEER, 4))
    return json.loads(os.read(PEER, length))


send(b'["ok", {"dict": [["add", {"handle": 0}]]}, {}]')
receive()
text = ", ".join(str(k * (2**61 - 1)) for k in range(1, 300_000))
send(f'["ok", {{"set": [{text}]}}, {{}}]'.encode())
receive()
