# kind: assert
# verdict: wrong_answer
# threat: files in /dev/shm, where named semaphores live
import os


def add(a, b):
    return a + b if LEFT else -1


try:
    LEFT = os.listdir("/dev/shm")
    open("/dev/shm/left", "w").close()
except OSError:
    LEFT = []
