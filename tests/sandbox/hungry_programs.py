"""Parts of programs that use up CPU time, memory and processes."""

FORKED = """
import os
def forked(work, times=1):
    pids = []
    for _ in range(times):
        pid = os.fork()
        if pid == 0:
            work()
            os._exit(0)
        pids.append(pid)
    return pids
"""
BURN = """
import time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
"""
TOUCH = """
def touch(mebibytes, kept=[]):
    kept.append(bytearray(mebibytes << 20))
    for at in range(0, mebibytes << 20, 4096):
        kept[-1][at] = 1
"""
