# kind: assert
# verdict: wrong_answer
# threat: the writable folder itself made unusable, or given away
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

HERE = os.getcwd()
for change, arguments in ((os.rename, ("/t",)), (os.rmdir, ()), (os.chown, (1, 1)), (os.chmod, (0,))):
    try:
        change(HERE, *arguments)
    except OSError:
        pass
