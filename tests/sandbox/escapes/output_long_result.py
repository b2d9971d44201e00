# kind: call
# verdict: output_limit
# threat: a result of 100 MB
def add(a, b):
    return b"x" * 100_000_000
