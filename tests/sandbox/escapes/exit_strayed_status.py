# kind: stdio
# verdict: runtime_error
# threat: the status by which the sandbox's own forks report a fault of theirs
import os

for status in (70, 120, 1):
    if os.fork() == 0:
        os._exit(status)
    os.wait()
os._exit(70)
