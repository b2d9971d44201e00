# kind: assert
# verdict: wrong_answer
# threat: the frames of the harness reached through a traceback, a generator and the interpreter's table
import sys


def here():
    yield sys._getframe().f_back


def add(a, b):
    try:
        raise ValueError
    except ValueError as error:
        first = error.__traceback__.tb_frame
    for frame in [first, *here(), *sys._current_frames().values()]:
        while frame:
            for name, value in list(frame.f_locals.items()):
                if "expect" in name and isinstance(value, int):
                    return value
                if hasattr(value, "expected"):
                    return value.expected
            frame = frame.f_back
    return -1
