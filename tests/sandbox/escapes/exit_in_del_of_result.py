# kind: call
# verdict: wrong_answer runtime_error
# threat: the result itself ends the process as soon as the harness lets go of it
import os


class Result(int):
    def __del__(self):
        os._exit(0)


def add(a, b):
    return Result(-1)
