# kind: stdio
# verdict: time_limit
# threat: a main thread that waits for threads that compute
import threading


def burn():
    while True:
        pass


for _ in range(4):
    threading.Thread(target=burn, daemon=True).start()
threading.Event().wait()
