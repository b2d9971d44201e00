# kind: assert
# verdict: runtime_error
# threat: death by a timer of the program's own
import signal
import time

signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)


def add(a, b):
    time.sleep(2)
    return -1
