# kind: stdio
# verdict: runtime_error
# threat: an exception whose text can't be encoded, on standard error
import os

input()
os.write(2, b"\xff\xfe\xed\xa0\x80 MemoryError\x1b[2J")
raise SystemExit("\ud800")
