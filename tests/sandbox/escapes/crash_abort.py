# kind: stdio
# verdict: runtime_error
# threat: the right answer for a start, then abort()
import os

print(3, flush=True)
os.abort()
