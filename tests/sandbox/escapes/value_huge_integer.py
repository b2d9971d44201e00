# kind: assert
# verdict: wrong_answer
# threat: an integer of a million bits, which can't be shown
def add(a, b):
    return 2**1_000_000
