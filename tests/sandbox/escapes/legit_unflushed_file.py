# kind: stdio
# verdict: accepted
# threat: none: writes by file objects of its own, which the interpreter flushes at its end
import functools
import sys

out = open(1, "w", closefd=False)
say = functools.partial(print, file=out)


def main():
    a, b = map(int, sys.stdin.readline().split())
    say(a + b)


main()
