# kind: assert
# verdict: wrong_answer
# threat: no limit on digits, and an integer of 100,000 of them
import sys

getattr(sys, "set_int_max_str_digits", lambda digits: None)(0)


def add(a, b):
    return 10**100_000
