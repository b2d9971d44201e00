# kind: stdio
# verdict: accepted
# threat: none: closes standard input once it is read
import sys

a, b = map(int, sys.stdin.buffer.read().split())
sys.stdin.close()
print(a + b)
