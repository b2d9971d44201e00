# kind: stdio
# verdict: wrong_answer
# threat: standard streams opened again by name, to read what is meant for the judge
import os

input()
seen = b""
for name in ("/dev/stdout", "/dev/stderr", "/proc/self/fd/1", "/dev/fd/2"):
    try:
        seen += os.read(os.open(name, os.O_RDWR), 100)
    except OSError:
        pass
print(3 if seen else -1)
