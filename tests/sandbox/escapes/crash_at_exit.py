# kind: stdio
# verdict: runtime_error
# threat: the right answer, then a crash as the interpreter ends
import atexit
import ctypes

a, b = map(int, input().split())
print(a + b, flush=True)
atexit.register(ctypes.string_at, 0)
