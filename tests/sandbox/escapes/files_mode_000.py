# kind: assert
# verdict: wrong_answer
# threat: folders without any permission inside folders without any permission
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

os.makedirs("outer/middle/inner")
open("outer/middle/inner/file", "w").close()
for path in ("outer/middle/inner", "outer/middle", "outer"):
    os.chmod(path, 0)
