# kind: assert
# verdict: wrong_answer runtime_error
# threat: a list that contains itself
def add(a, b):
    cycle = [a]
    cycle.append(cycle)
    return cycle
