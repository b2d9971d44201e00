# kind: stdio
# verdict: time_limit
# threat: the right answer, then a destructor that sleeps for ever as the interpreter ends
import time


class Last:
    def __del__(self, sleep=time.sleep):
        sleep(10**6)


last = Last()
a, b = map(int, input().split())
print(a + b, flush=True)
