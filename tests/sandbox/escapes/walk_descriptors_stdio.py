# kind: stdio
# verdict: wrong_answer
# threat: a descriptor left open that holds the source, the compiled code or the expected output
import os

a, b = map(int, input().split())
found = []
for fd in range(3, 256):
    try:
        found.append(os.fstat(fd))
    except OSError:
        pass
print(a + b if found else -1)
