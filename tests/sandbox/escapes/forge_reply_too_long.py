# kind: assert
# verdict: output_limit wrong_answer runtime_error
# threat: the length of a value that never was, with as many digits as JSON takes
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
send(b'["too long", -' + b"9" * 4300 + b"]")
receive()
