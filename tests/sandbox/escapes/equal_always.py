# kind: assert
# verdict: wrong_answer
# threat: always-equal object returned instead of the sum
class Anything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 3


def add(a, b):
    return Anything()
