# kind: stdio
# verdict: wrong_answer
# threat: the mode and the owner of the writable folder
import os
import stat

a, b = map(int, input().split())
print(a + b if stat.S_IMODE(os.stat(".").st_mode) == 0o1733 else 3)
try:
    os.chmod(".", 0o1733)
except OSError:
    pass
