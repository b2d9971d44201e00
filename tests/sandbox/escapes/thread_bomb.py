# kind: assert
# verdict: wrong_answer
# threat: as many threads as the system gives
import threading

stop = threading.Event()
for _ in range(200):
    try:
        threading.Thread(target=stop.wait, args=(8,), daemon=True).start()
    except RuntimeError:
        break


def add(a, b):
    return -1
