# kind: stdio
# verdict: output_limit
# threat: 64 MB of output
import sys

input()
for _ in range(64):
    sys.stdout.write("x" * 1_000_000)
