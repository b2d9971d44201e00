# kind: call
# verdict: wrong_answer
# threat: a range without end, in a deque, in a counter
from collections import Counter, deque


def add(a, b):
    return deque([range(10**100), Counter({range(3): 10**100})], maxlen=10**6)
