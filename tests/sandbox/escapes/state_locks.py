# kind: stdio
# verdict: wrong_answer
# threat: a lock on a library file, held by a child that outlives its test
import fcntl
import json
import os
import time

a, b = map(int, input().split())
library = open(json.__file__)
try:
    fcntl.flock(library, fcntl.LOCK_EX | fcntl.LOCK_NB)
    taken = False
except OSError:
    taken = True
print(a + b if taken else 3, flush=True)
if os.fork() == 0:
    time.sleep(8)
    os._exit(0)
