# kind: assert
# verdict: runtime_error
# threat: a process that does not leave when the harness ends it, and so runs on in the template's own loop
import json
import os
import sys


def fail(*_, **__):
    raise SystemExit(0)


def add(a, b):
    os._exit = lambda status: None
    json.dumps = json.loads = fail
    frame = sys._getframe()
    while frame:
        for name, value in (("_exit", os._exit), ("_text", fail)):
            if name in frame.f_globals:
                frame.f_globals[name] = value
        frame = frame.f_back
    return -1
