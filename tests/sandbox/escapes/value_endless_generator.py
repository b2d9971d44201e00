# kind: assert
# verdict: wrong_answer
# threat: a generator without an end
def add(a, b):
    while True:
        yield -1
