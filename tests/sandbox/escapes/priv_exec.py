# kind: assert
# verdict: wrong_answer
# threat: a shell, the interpreter itself, and a script of the program's own
import os
import sys


def add(a, b):
    with open("script", "w") as script:
        script.write("#!/bin/sh\nexit 0\n")
    os.chmod("script", 0o755)
    for path in ("/bin/sh", sys.executable, "/usr/bin/python3", "./script", "/proc/self/exe", "/lib64/ld-linux-x86-64.so.2"):
        child = os.fork()
        if child == 0:
            try:
                os.execv(path, [path, "-c", "exit"])
            finally:
                os._exit(99)
        if os.waitpid(child, 0)[1] >> 8 != 99:
            return a + b
    return -1
