# kind: assert
# verdict: wrong_answer
# threat: a dictionary that makes up what is missing
from collections import defaultdict


def add(a, b):
    return defaultdict(lambda: 3, {0: defaultdict(int)})
