# kind: assert
# verdict: wrong_answer memory_limit runtime_error
# threat: all memory kept, so that the harness can't even answer
kept = []


def add(a, b):
    for size in (1 << 24, 1 << 20, 1 << 16, 1 << 12, 1 << 8):
        try:
            for _ in range(3000):
                kept.append(bytearray(size))
        except MemoryError:
            pass
    return -1
