# kind: assert
# verdict: wrong_answer runtime_error
# threat: a trace function that rewrites the locals of the harness
import sys


def trace(frame, event, argument):
    for name in ("result", "expected", "value", "reply"):
        if name in frame.f_locals:
            frame.f_locals[name] = '["ok", true, {}]'
    return trace


def add(a, b):
    frame = sys._getframe()
    while frame:
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)
    return -1
