# kind: assert
# verdict: wrong_answer
# threat: the frames of the harness reached through tracebacks and a generator
import sys


def frames():
    try:
        raise ValueError
    except ValueError as error:
        yield from (frame for frame in (error.__traceback__.tb_frame, (lambda: 0).__globals__.get("frame")) if frame)


def add(a, b):
    for frame in [*frames(), *sys._current_frames().values()]:
        while frame:
            for name, value in list(frame.f_locals.items()):
                if "expect" in name and isinstance(value, int):
                    return value
                if hasattr(value, "expected"):
                    return value.expected
            frame = frame.f_back
    return -1
