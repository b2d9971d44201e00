# kind: stdio
# verdict: accepted
# threat: none: collects its output, then writes it to the first standard output without a flush
import io
import sys

sys.stdout = io.StringIO()
a, b = map(int, input().split())
print(a + b)
sys.__stdout__.write(sys.stdout.getvalue())
