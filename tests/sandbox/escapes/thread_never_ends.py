# kind: stdio
# verdict: time_limit
# threat: the right answer, then a thread that the interpreter waits for
import threading

a, b = map(int, input().split())
print(a + b, flush=True)
threading.Thread(target=threading.Event().wait).start()
