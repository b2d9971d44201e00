# kind: stdio
# verdict: wrong_answer
# threat: a daemon thread that prints once the main thread is over
import os
import threading
import time


def late():
    time.sleep(0.3)
    os.write(1, b"3\n")


threading.Thread(target=late, daemon=True).start()
input()
print(-1)
