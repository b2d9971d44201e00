# kind: assert
# verdict: wrong_answer runtime_error
# threat: a child that answers on the socket beside its parent
import os
import struct
import time

if os.fork() == 0:
    for _ in range(20):
        for fd in range(3, 16):
            for text in (b'["ok", true, {}]', b'["ok", {"dict": []}, {}]'):
                try:
                    os.write(fd, struct.pack("=I", len(text)) + text)
                except OSError:
                    pass
        time.sleep(0.05)
    os._exit(0)


def add(a, b):
    time.sleep(0.2)
    return -1
