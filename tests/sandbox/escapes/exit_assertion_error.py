# kind: assert
# verdict: runtime_error wrong_answer
# threat: the program raises the test's own kind of exception
class Passed(AssertionError):
    def __bool__(self):
        return False


def add(a, b):
    raise Passed
