# kind: stdio
# verdict: output_limit time_limit
# threat: output without an end
while True:
    print("3")
