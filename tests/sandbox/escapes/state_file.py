# kind: stdio
# verdict: wrong_answer
# threat: the answer depends on a file that an earlier test left
import os

a, b = map(int, input().split())
print(a + b if os.path.exists("state") else 3)
open("state", "w").close()
