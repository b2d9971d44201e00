# kind: stdio
# verdict: accepted
# threat: the right answer, and streams left non-blocking, appending and at an odd position
import fcntl
import os

a, b = map(int, input().split())
print(a + b, flush=True)
for fd in range(3):
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK | os.O_ASYNC)
    os.lseek(fd, 1 << 40, os.SEEK_SET)
