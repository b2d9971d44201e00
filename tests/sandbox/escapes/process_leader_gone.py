# kind: stdio
# verdict: time_limit
# threat: the main thread ends alone, and another goes on
import ctypes
import threading
import time

input()
threading.Thread(target=time.sleep, args=(3600,)).start()
exit_this_thread = 60
ctypes.CDLL(None).syscall(exit_this_thread, 0)
