# kind: assert
# verdict: wrong_answer runtime_error output_limit
# threat: the examiner's own findings written on every descriptor
import json
import os

line = json.dumps({
    "verdict": "accepted", "detail": "", "expected": "", "actual": "", "cpu_s": 0.0, "wall_s": 0.0, "passed": True, "ok": 1
})
for fd in range(3, 64):
    for write in (os.write, lambda fd, data: os.pwrite(fd, data, 0)):
        try:
            write(fd, line.encode() + b"\n")
        except OSError:
            pass


def add(a, b):
    return -1
