# kind: assert
# verdict: wrong_answer runtime_error
# threat: collection turned off, and a callback on it that ends the process
import gc
import os

gc.disable()
gc.callbacks.append(lambda phase, info: os._exit(0))
gc.set_threshold(0)


def add(a, b):
    cycle = []
    cycle.append(cycle)
    return -1
