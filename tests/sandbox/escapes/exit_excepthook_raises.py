# kind: stdio
# verdict: runtime_error wrong_answer
# threat: an exception hook that raises into the harness
import sys


def hook(*_):
    raise SystemExit(0)


sys.excepthook = hook
sys.unraisablehook = hook
input()
raise RuntimeError
