# kind: stdio
# verdict: wrong_answer
# threat: what the template's frames still know of the execution before this one
import sys

a, b = map(int, input().split())
frame, known = sys._getframe(), False
while frame:
    for name, value in list(frame.f_locals.items()):
        if type(value).__name__ in ("Facts", "ForkedProcess", "Lap") or name in ("facts", "execution"):
            known = known or value is not None
    frame = frame.f_back
print(a + b if known else 3)
