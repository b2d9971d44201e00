# kind: assert
# verdict: wrong_answer
# threat: folders without any permission inside folders without any permission
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir("/tmp")

os.makedirs("/tmp/outer/middle/inner")
open("/tmp/outer/middle/inner/file", "w").close()
for path in ("/tmp/outer/middle/inner", "/tmp/outer/middle", "/tmp/outer"):
    os.chmod(path, 0)
