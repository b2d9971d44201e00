# kind: stdio
# verdict: wrong_answer
# threat: an exit handler empties the output and writes it anew after the program is over
import atexit
import os


def rewrite():
    os.ftruncate(1, 0)
    os.pwrite(1, b"accepted\n", 0)


atexit.register(rewrite)
input()
print(-1)
