# kind: stdio
# verdict: wrong_answer
# threat: 12 MB on standard error beside a wrong answer
import sys

input()
for _ in range(12):
    sys.stderr.write("x" * 999_999 + "\n")
print(-1)
