# kind: assert
# verdict: wrong_answer
# threat: as many small files as fit
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

try:
    for number in range(20_000):
        os.close(os.open(f"{number}", os.O_CREAT | os.O_WRONLY))
except OSError:
    pass
