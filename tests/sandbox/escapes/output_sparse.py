# kind: stdio
# verdict: output_limit
# threat: an output file made longer without writing
import os

input()
print(3, flush=True)
os.ftruncate(1, 12 << 20)
