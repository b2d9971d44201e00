# kind: assert
# verdict: output_limit wrong_answer
# threat: megabytes printed beside the answer
def add(a, b):
    for _ in range(10):
        print("x" * 1_000_000)
    return -1
