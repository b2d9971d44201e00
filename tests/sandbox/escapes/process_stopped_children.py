# kind: stdio
# verdict: accepted
# threat: the right answer, and stopped children that catch no signal
import os
import signal
import time

a, b = map(int, input().split())
print(a + b, flush=True)
for _ in range(5):
    if os.fork() == 0:
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(8)
        os._exit(0)
time.sleep(0.2)
