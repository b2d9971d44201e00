# kind: assert
# verdict: runtime_error wrong_answer time_limit memory_limit
# threat: bytecode that reads beyond its own constants
def add(a, b):
    return 3


add.__code__ = add.__code__.replace(co_consts=(), co_code=bytes([100, 200, 83, 0]) * 8)
