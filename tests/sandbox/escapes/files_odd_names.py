# kind: assert
# verdict: wrong_answer
# threat: names with newlines, bytes that are no UTF-8, and the greatest length
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

for name in (b"a\nb", b"\xff\xfe", b"\x1b[2J", b" ", b"*", b"--help", b"n" * 255, b"\xed\xb0\x80", b"~", b"\\"):
    os.makedirs(name + b"/" + name)
    open(name + b"/file", "w").close()
