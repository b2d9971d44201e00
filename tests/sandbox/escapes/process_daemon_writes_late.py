# kind: stdio
# verdict: wrong_answer
# threat: a daemon that rewrites the output once the program is over
import os
import time

a, b = input().split()
print(-1, flush=True)
if os.fork() == 0:
    for _ in range(80):
        os.ftruncate(1, 0)
        os.pwrite(1, b"3\n", 0)
        time.sleep(0.1)
    os._exit(0)
if b != "2":
    time.sleep(0.3)
