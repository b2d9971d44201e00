# kind: assert
# verdict: time_limit
# threat: half a frame, then silence
import os
import struct
import time


def add(a, b):
    for fd in range(3, 32):
        try:
            os.write(fd, struct.pack("=I", 1000) + b'["ok", 3')
        except OSError:
            pass
    time.sleep(3600)
