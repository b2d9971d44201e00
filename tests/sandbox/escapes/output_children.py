# kind: stdio
# verdict: output_limit
# threat: sixteen children that print together
import os

input()
for _ in range(15):
    try:
        if os.fork() == 0:
            os.write(1, b"3\n" * 1_000_000)
            os._exit(0)
    except OSError:
        break
for _ in range(15):
    try:
        os.wait()
    except ChildProcessError:
        break
