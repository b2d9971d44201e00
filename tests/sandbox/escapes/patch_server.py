# kind: assert
# verdict: wrong_answer runtime_error
# threat: the server object in the calling frames made to answer for the program
import sys


def add(a, b):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if hasattr(value, "answer"):
                value.answer = lambda request: '["ok", true, {}]'
                value._encode = lambda value: True
        frame = frame.f_back
    return -1
