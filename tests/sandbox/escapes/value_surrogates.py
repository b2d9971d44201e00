# kind: call
# verdict: wrong_answer
# threat: strings with lone surrogates and null bytes
def add(a, b):
    return ["\ud800", "\udcff\0", "\x1b[2J", "\u202e3"]
