# kind: assert
# verdict: wrong_answer
# threat: the writable place filled to the last byte
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

block = bytes(1 << 20)
try:
    for number in range(64):
        with open(f"{number}", "wb", buffering=0) as file:
            for _ in range(15):
                file.write(block)
except OSError:
    pass
