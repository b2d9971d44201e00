# kind: stdio
# verdict: accepted
# threat: none: leaves by sys.exit() and os._exit(), output flushed
import os
import sys

a, b = map(int, input().split())
print(a + b)
if a == 1:
    sys.exit()
if a == 10:
    raise SystemExit(0)
sys.stdout.flush()
os._exit(0)
