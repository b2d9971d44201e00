# kind: assert
# verdict: time_limit
# threat: a set of integers that all have the same hash, for the examiner to build
import json
import os
import stat
import struct


def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False


PEER = next(filter(is_socket, range(3, 32)), 1)


def send(text):
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
