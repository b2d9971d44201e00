# kind: assert
# verdict: memory_limit runtime_error
# threat: a block of a terabyte
def add(a, b):
    return len(bytearray(1 << 40))
