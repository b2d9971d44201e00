# kind: stdio
# verdict: time_limit
# threat: time used up inside the kernel
import os

input()
block = bytes(1 << 20)
with open("file", "wb", buffering=0) as file:
    while True:
        os.pwrite(file.fileno(), block, 0)
