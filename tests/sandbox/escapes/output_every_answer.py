# kind: stdio
# verdict: wrong_answer
# threat: every answer there can be, one a line
input()
print(*range(-1000, 400_000), sep="\n")
