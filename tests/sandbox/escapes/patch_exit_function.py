# kind: assert
# verdict: runtime_error
# threat: a process that does not leave when the harness ends it, and so runs on in the template's own loop
import os

import json


def fail(*_, **__):
    raise SystemExit(0)


def add(a, b):
    os._exit = lambda status: None
    json.dumps = json.loads = fail
    return -1
