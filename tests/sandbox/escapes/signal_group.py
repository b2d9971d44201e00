# kind: stdio
# verdict: runtime_error
# threat: SIGKILL to the own process group and session
import os
import signal

input()
print(3, flush=True)
os.killpg(0, signal.SIGKILL)
