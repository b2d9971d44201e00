# kind: assert
# verdict: wrong_answer
# threat: trace and profile functions for every thread to come
import threading


def trace(frame, event, argument):
    return trace


threading.settrace(trace)
threading.setprofile(lambda *_: None)
threading.excepthook = lambda *_: None


def add(a, b):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(-1))
    thread.start()
    thread.join()
    return answers[0]
