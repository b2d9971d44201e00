# kind: stdio
# verdict: wrong_answer
# threat: an exit handler turns the end into success and drops what else would have been said
import atexit
import os

atexit.register(os._exit, 0)
input()
print(-1, flush=True)
raise RuntimeError("never reported")
