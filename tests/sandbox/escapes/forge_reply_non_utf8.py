# kind: assert
# verdict: wrong_answer runtime_error
# threat: bytes that are no text in any encoding
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
send(b"\xff\xfe\xfa\x00\xd8" * 1000)
receive()
