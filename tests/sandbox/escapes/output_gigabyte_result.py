# kind: call
# verdict: memory_limit output_limit runtime_error
# threat: a result of a gigabyte
def add(a, b):
    return "x" * (1 << 30)
