# kind: assert
# verdict: wrong_answer runtime_error output_limit
# threat: the zygote's records of a clean end and of laps without cost, on every descriptor
import os
import struct

for fd in range(3, 64):
    for record in (
        struct.pack("=IiiddQB", 1, 0, 0, 0.0, 0.0, 0, 0),
        struct.pack("=Idd", 1, 0.0, 0.0),
        struct.pack("=BIddQQQQQ", 3, 1, 0, 0, 0, 0, 0, 0, 0),
    ):
        try:
            os.write(fd, record)
        except OSError:
            pass


def add(a, b):
    return -1
