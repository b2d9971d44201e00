# kind: assert
# verdict: runtime_error memory_limit time_limit
# threat: recursion without an end under a huge limit
import sys

sys.setrecursionlimit(10**9)


def add(a, b):
    return add(a, b) + 1
