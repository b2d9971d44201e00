# kind: stdio
# verdict: accepted
# threat: none: closes standard input once it is read
import os
import sys

a, b = map(int, sys.stdin.buffer.read().split())
sys.stdin.close()
os.close(0)
print(a + b)
