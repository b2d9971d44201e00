# kind: call
# verdict: time_limit
# threat: computing for ever before the first test
while True:
    pass


def add(a, b):
    return -1
