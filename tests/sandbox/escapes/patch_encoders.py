# kind: assert
# verdict: wrong_answer runtime_error
# threat: the table of encoders rewritten, so that any text may be sent as a value
import gc


def forged(value, inner):
    return {"decimal": "sNaN"}


gc.unfreeze()
for table in gc.get_objects():
    if type(table) is dict and int in table and callable(table[int]):
        table[int] = forged


def add(a, b):
    return -1
