# kind: stdio
# verdict: wrong_answer
# threat: output that is no UTF-8, with every kind of line end
import sys

input()
sys.stdout.buffer.write(b"\xff\xfe-1\r\x85\xe2\x80\xa8\x1c\x00\n")
