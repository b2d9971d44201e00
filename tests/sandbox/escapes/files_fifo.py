# kind: assert
# verdict: wrong_answer
# threat: a named pipe on which a reader would wait for ever
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

for kind in (os.mkfifo, lambda path: os.symlink("/proc/self/fd/1", path)):
    try:
        kind(f"pipe{kind is os.mkfifo}")
    except OSError:
        pass
