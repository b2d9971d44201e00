# kind: stdio
# verdict: time_limit
# threat: a sleeper that makes its own processor so busy that its sleep might pass for waiting
import os
import time

input()
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
end = time.monotonic() + 8
for _ in range(10):
    if os.fork() == 0:
        while time.monotonic() < end and time.process_time() < 0.09:
            time.sleep(0)
        time.sleep(8)
        os._exit(0)
time.sleep(60)
print(-1)
