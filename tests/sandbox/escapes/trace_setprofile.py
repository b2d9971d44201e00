# kind: assert
# verdict: runtime_error
# threat: a profile function that throws SystemExit out of the harness
import sys


def profile(frame, event, argument):
    if frame.f_code.co_filename != __file__:
        raise SystemExit(0)


def add(a, b):
    sys.setprofile(profile)
    return -1
