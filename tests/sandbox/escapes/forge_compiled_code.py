# kind: stdio
# verdict: wrong_answer
# threat: the file of compiled code rewritten for the next test's process
import marshal
import os

FORGED = marshal.dumps(compile("a, b = map(int, input().split()); print(a + b)", "program.py", "exec"))
for fd in range(3, 64):
    try:
        os.pwrite(fd, b"C" + FORGED, 0)
    except OSError:
        pass
a, b = input().split()
print(3 if a == "1" else -1)
