# kind: assert
# verdict: runtime_error wrong_answer time_limit
# threat: the functions by which the harness reads, writes, packs and leaves
import os
import struct

real, pack = os.write, struct.pack


def write(fd, data):
    real(fd, pack("=I", 16) + b'["ok", true, {}]')
    return len(data)


def add(a, b):
    os.write = write
    os._exit = lambda status: None
    struct.Struct = struct.pack = struct.unpack = None
    return -1
