# kind: assert
# verdict: time_limit output_limit runtime_error
# threat: the signals of exceeded limits, sent by the program to itself
import os
import signal


def add(a, b):
    for number in (signal.SIGXCPU, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
