# kind: stdio
# verdict: time_limit
# threat: orphans in sessions of their own, deaf to signals, that compute while their parent sleeps
import os
import signal
import time

input()
end = time.monotonic() + 8
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if os.fork() == 0:
            while time.monotonic() < end:
                pass
        os._exit(0)
    os.wait()
time.sleep(30)
print(-1)
