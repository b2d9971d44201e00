# kind: assert
# verdict: accepted
# threat: right answers, but a thread that keeps computing beside them
import threading


def burn():
    while True:
        pass


threading.Thread(target=burn, daemon=True).start()


def add(a, b):
    return a + b
