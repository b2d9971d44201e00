# kind: assert
# verdict: runtime_error
# threat: an exception thrown into the harness's own loop
import json


def fail(*_, **__):
    raise SystemExit(0)


def add(a, b):
    json.loads = json.dumps = fail
    return -1
