# kind: stdio
# verdict: accepted
# threat: none: writes by a file object in a cycle, which the interpreter flushes at its end
class Output:
    def __init__(self):
        self.file = open(1, "w", closefd=False)
        self.me = self


a, b = map(int, input().split())
Output().file.write(f"{a + b}\n")
