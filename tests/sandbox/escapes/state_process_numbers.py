# kind: stdio
# verdict: wrong_answer
# threat: the counter of process ids, moved on by children to a number that says something
import os

a, b = map(int, input().split())
print(a + b if os.getpid() % 128 == 1 else 3, flush=True)
for _ in range(128):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    if child % 128 == 0:
        break
