# kind: assert
# verdict: time_limit
# threat: a regular expression that backtracks for ever
import re


def add(a, b):
    return bool(re.fullmatch(r"(a|a|aa)*", "a" * 100 + "b"))
