# kind: stdio
# verdict: wrong_answer
# threat: the times of the writable folder
import os

a, b = map(int, input().split())
print(a + b if os.stat("/tmp").st_mtime == 42 else 3)
open("/tmp/touched", "w").close()
os.unlink("/tmp/touched")
try:
    os.utime("/tmp", (42, 42))
except OSError:
    pass
