# kind: stdio
# verdict: wrong_answer
# threat: a file left at once, and the folder's times set back so that it looks untouched
import os

a, b = map(int, input().split())
before = os.stat(".")
print(a + b if os.path.exists("state") else 3)
open("state", "w").close()
try:
    os.utime(".", ns=(before.st_atime_ns, before.st_mtime_ns))
except OSError:
    pass
