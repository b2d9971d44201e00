# kind: assert
# verdict: time_limit
# threat: ten million digits read in quadratic time
import sys

getattr(sys, "set_int_max_str_digits", lambda digits: None)(0)


def add(a, b):
    return int("9" * 10**7)
