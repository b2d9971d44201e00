# kind: assert
# verdict: time_limit
# threat: a loop that swallows every MemoryError
def add(a, b):
    kept = []
    while True:
        try:
            kept.append(bytearray(1 << 20))
        except MemoryError:
            pass
