# kind: stdio
# verdict: wrong_answer
# threat: a state kept one folder deeper, where the writable place's own times don't move
import os

a, b = map(int, input().split())
found = any(files for _, _, files in os.walk("/tmp"))
print(a + b if found else 3)
os.makedirs("/tmp/a/b", exist_ok=True)
open("/tmp/a/b/state", "w").close()
os.utime("/tmp/a/b")
