# kind: stdio
# verdict: wrong_answer
# threat: an attribute of a module of the warm interpreter
import math
import sys

a, b = map(int, input().split())
print(a + b if hasattr(math, "state") or hasattr(sys, "state") else 3)
math.state = sys.state = True
