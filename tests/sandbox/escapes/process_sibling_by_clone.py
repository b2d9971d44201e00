# kind: stdio
# verdict: wrong_answer
# threat: children that are the template's (CLONE_PARENT), with SIGKILL as the signal of their end
import ctypes
import os

input()
numbers = {"x86_64": 56, "aarch64": 220}
clone_parent, sigkill = 0x8000, 9
made = ctypes.CDLL(None).syscall(numbers[os.uname().machine], clone_parent | sigkill, 0, 0, 0, 0)
if made == 0:
    os._exit(0)
print(3 if made > 0 else -1)
