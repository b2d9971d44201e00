# kind: stdio
# verdict: wrong_answer
# threat: a daemon of an earlier test, seen among the processes
import os
import time

a, b = map(int, input().split())
try:
    others = set(filter(str.isdigit, os.listdir("/proc"))) - {"1", str(os.getpid())}
except OSError:
    others = set()
print(a + b if others else 3, flush=True)
if os.fork() == 0:
    os.setsid()
    time.sleep(8)
    os._exit(0)
