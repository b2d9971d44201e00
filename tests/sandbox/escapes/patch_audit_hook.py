# kind: assert
# verdict: wrong_answer runtime_error
# threat: an audit hook that refuses what the harness does next
import sys

armed = False


def hook(event, arguments):
    if armed:
        raise SystemExit(0)


sys.addaudithook(hook)


def add(a, b):
    global armed
    armed = True
    return -1
