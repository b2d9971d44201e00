# kind: assert
# verdict: wrong_answer
# threat: two thousand folders, one inside the other
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

for _ in range(2000):
    try:
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    except OSError:
        break
