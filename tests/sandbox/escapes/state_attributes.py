# kind: stdio
# verdict: wrong_answer
# threat: an extended attribute of the writable folder, a device and a library
import json
import os

a, b = map(int, input().split())
found = False
for path in (".", "/dev/null", json.__file__):
    try:
        found = found or "user.state" in os.listxattr(path)
        os.setxattr(path, "user.state", b"1")
    except OSError:
        pass
print(a + b if found else 3)
