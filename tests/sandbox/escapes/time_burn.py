# kind: stdio
# verdict: time_limit
# threat: computing for ever
while True:
    pass
