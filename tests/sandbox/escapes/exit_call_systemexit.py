# kind: assert
# verdict: runtime_error
# threat: SystemExit(0) travels up through the test's own statement
def add(a, b):
    raise SystemExit(0)
