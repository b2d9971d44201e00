# kind: assert
# verdict: runtime_error
# threat: an exception thrown into the harness's own loop
import json
import sys


def fail(*_, **__):
    raise SystemExit(0)


def add(a, b):
    frame = sys._getframe()
    while frame:
        for name in ("_text", "_message", "send", "_chunks"):
            if name in frame.f_globals:
                frame.f_globals[name] = fail
        frame = frame.f_back
    json.loads = json.dumps = fail
    return -1
