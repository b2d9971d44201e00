# kind: call
# verdict: wrong_answer runtime_error
# threat: a list nested 100,000 levels deep
def add(a, b):
    value = []
    for _ in range(100_000):
        value = [value]
    return value
