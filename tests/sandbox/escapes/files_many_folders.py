# kind: stdio
# verdict: wrong_answer output_limit time_limit
# threat: so many folders, deep and wide, that removing them would hold the worker
import os

input()
names = [str(number) for number in range(100)]
try:
    for outer in range(400):
        os.mkdir(f"x{outer}")
        os.chdir(f"x{outer}")
        for name in names:
            os.mkdir(name)
        if outer % 2:
            os.chdir("..")
except OSError:
    pass
print(-1)
