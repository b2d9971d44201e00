# kind: call
# verdict: time_limit
# threat: a dictionary whose keys all have the same hash
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
text = ", ".join(f"[{k * (2**61 - 1)}, 0]" for k in range(1, 250_000))
send(f'["ok", {{"dict": [{text}]}}, {{}}]'.encode())
receive()
