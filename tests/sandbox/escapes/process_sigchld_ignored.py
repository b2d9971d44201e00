# kind: stdio
# verdict: runtime_error
# threat: twice the CPU time, used by short-lived children whose usage nobody inherits, then the right answer
import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
a, b = map(int, input().split())
for _ in range(25):
    child = os.fork()
    if child == 0:
        while time.process_time() < 0.08:
            pass
        os._exit(0)
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        pass
print(a + b)
