# kind: assert
# verdict: wrong_answer runtime_error output_limit time_limit memory_limit
# threat: a small graph that is huge when written as a tree
def add(a, b):
    value = [a]
    for _ in range(60):
        value = [value, value]
    return value
