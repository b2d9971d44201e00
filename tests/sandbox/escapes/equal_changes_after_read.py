# kind: assert
# verdict: wrong_answer
# threat: a result that a thread goes on changing while it is read
import threading
import time

box = [-1]


def change():
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        box.append(len(box))
        if len(box) > 50:
            box.clear()


threading.Thread(target=change, daemon=True).start()


def add(a, b):
    return box
