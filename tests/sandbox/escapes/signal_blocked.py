# kind: assert
# verdict: time_limit
# threat: every signal blocked and ignored, then sleep
import signal
import time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))


def add(a, b):
    while True:
        time.sleep(3600)
