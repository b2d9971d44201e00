# kind: stdio
# verdict: accepted
# threat: the right answer, and a daemon left behind
import os
import time

a, b = map(int, input().split())
print(a + b, flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 256)
        time.sleep(8)
    os._exit(0)
