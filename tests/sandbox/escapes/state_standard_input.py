# kind: stdio
# verdict: wrong_answer
# threat: the memory files of one test's streams, written for the next test to find
import os

text = os.pread(0, 1000, 0)
a, b = map(int, text.split()[:2])
print(a + b if b"state" in text or os.pread(2, 10, 0) else 3)
for fd in (0, 2):
    try:
        os.pwrite(fd, b"state", os.fstat(fd).st_size)
    except OSError:
        pass
