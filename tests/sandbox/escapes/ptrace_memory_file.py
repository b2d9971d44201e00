# kind: assert
# verdict: wrong_answer
# threat: the zygote's memory opened as a file, to read or to write
import os


def add(a, b):
    for pid in {1, os.getppid()}:
        for flags in (os.O_RDONLY, os.O_RDWR):
            try:
                os.open(f"/proc/{pid}/mem", flags)
                return a + b
            except OSError:
                pass
    return -1
