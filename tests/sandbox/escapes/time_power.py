# kind: assert
# verdict: time_limit memory_limit
# threat: a power that no signal handler interrupts
def add(a, b):
    return 10 ** 10 ** 8 % 7
