# kind: assert
# verdict: wrong_answer
# threat: zeros and truths of other types
def add(a, b):
    return {1: -0.0, 10: True}.get(a, 0j)
