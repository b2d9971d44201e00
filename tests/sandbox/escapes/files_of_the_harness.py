# kind: assert
# verdict: wrong_answer
# threat: the harness's own source, found by the frames that run it
import os
import sys


def add(a, b):
    frame, paths = sys._getframe(), set()
    while frame:
        paths.add(frame.f_code.co_filename)
        frame = frame.f_back
    paths -= {__file__}
    folders = {os.path.dirname(path) for path in paths} | set(sys.orig_argv)
    for path in paths | folders:
        if path.startswith("/"):
            try:
                if os.path.isdir(path) and os.listdir(path):
                    return a + b
                open(path, "rb").close()
                return a + b
            except OSError:
                pass
    return -1
