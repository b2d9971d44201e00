# kind: stdio
# verdict: runtime_error
# threat: death by a real-time signal, after the right output
import os

print(3, flush=True)
os.kill(os.getpid(), 63)
