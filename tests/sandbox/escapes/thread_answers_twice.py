# kind: assert
# verdict: wrong_answer runtime_error
# threat: a second thread that runs the harness's loop too
import sys
import threading


def add(a, b):
    frame = sys._getframe()
    while frame and "peer" not in frame.f_locals:
        frame = frame.f_back
    if frame:
        arguments = {"peer": frame.f_locals["peer"], "stdout": 1, "stderr": 2}
        serve = frame.f_globals["serve"]
        thread = threading.Thread(target=lambda: serve(0, most_bytes=1000, **arguments), daemon=True)
        thread.start()
    return -1
