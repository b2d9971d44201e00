# kind: assert
# verdict: wrong_answer runtime_error
# threat: the json module made to write a reply of the program's choice
import json
import json.encoder

json.dumps = json.encoder.JSONEncoder.encode = lambda *_, **__: '["ok", true, {}]'
json.loads = lambda *_, **__: ["call", {"handle": 0}, [1, 2], {}]


def add(a, b):
    return -1
