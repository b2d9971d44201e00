# kind: assert
# verdict: wrong_answer runtime_error
# threat: so low a recursion limit that the harness can't finish its reply
import sys


def add(a, b):
    for limit in range(5, 500):
        try:
            sys.setrecursionlimit(limit)
            break
        except RecursionError:
            continue
    return [[[-1]]]
