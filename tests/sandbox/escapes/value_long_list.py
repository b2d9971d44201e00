# kind: assert
# verdict: wrong_answer
# threat: a list of a million small integers
def add(a, b):
    return [0] * 1_000_000
