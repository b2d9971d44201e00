# kind: assert
# verdict: wrong_answer runtime_error
# threat: the loaded names are an object of the program, which dies as the examiner explains a failure
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

send(b'["ok", {"handle": 0}, {}]')
looks = 0
while True:
    kind, *rest = receive()
    if rest[:1] == ["iter"]:
        looks += 1
        if looks > 1:
            os._exit(0)
        send(b'["ok", {"handle": 1}, {}]')
    else:
        send(b'["raise", ["StopIteration"], ""]')
