# kind: stdio
# verdict: runtime_error
# threat: C code that recurses until its stack is used up
import itertools

input()
endless = iter([3])
for _ in range(2_000_000):
    endless = itertools.chain(endless)
print(next(endless))
