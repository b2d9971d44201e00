# kind: assert
# verdict: accepted
# threat: none: raises the recursion limit and recurses
import sys

sys.setrecursionlimit(20_000)


def down(n, total):
    return total if n == 0 else down(n - 1, total)


def add(a, b):
    return down(5000, a + b)
