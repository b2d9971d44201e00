# kind: call
# verdict: wrong_answer
# threat: not a number, which some comparisons let through
def add(a, b):
    return float("nan")
