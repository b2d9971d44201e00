# kind: stdio
# verdict: output_limit time_limit
# threat: standard error without an end
import os

while True:
    os.write(2, b"MemoryError\n" * 100_000)
