# kind: assert
# verdict: time_limit
# threat: a sleep for ever
import time


def add(a, b):
    time.sleep(10**6)
