# kind: assert
# verdict: wrong_answer
# threat: the writable folder itself made unusable, or given away
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir("/tmp")

for change in (lambda: os.chmod("/tmp", 0), lambda: os.chown("/tmp", 1, 1), lambda: os.rmdir("/tmp"), lambda: os.rename("/tmp", "/t")):
    try:
        change()
    except OSError:
        pass
