# kind: stdio
# verdict: wrong_answer
# threat: the times of the writable folder
import os

a, b = map(int, input().split())
print(a + b if os.stat(".").st_mtime == 42 else 3)
open("touched", "w").close()
os.unlink("touched")
try:
    os.utime(".", (42, 42))
except OSError:
    pass
