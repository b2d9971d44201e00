# kind: assert
# verdict: wrong_answer
# threat: an infinite number, and a number too long for a float
def add(a, b):
    return float("inf") if a > 1 else 10**400
