# kind: assert
# verdict: wrong_answer
# threat: threads with stacks as large as can be
import threading
import time

for size in (1 << 30, 1 << 28, 1 << 26):
    threading.stack_size(size)
    for _ in range(20):
        try:
            threading.Thread(target=time.sleep, args=(8,), daemon=True).start()
        except (RuntimeError, MemoryError):
            break


def add(a, b):
    return -1
