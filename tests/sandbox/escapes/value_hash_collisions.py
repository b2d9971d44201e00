# kind: call
# verdict: wrong_answer
# threat: a long list of integers with the same hash
def add(a, b):
    return [k * (2**61 - 1) for k in range(200_000)]
