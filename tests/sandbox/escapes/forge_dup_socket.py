# kind: assert
# verdict: runtime_error
# threat: the harness's socket replaced by one end of a pair of the program's own
import os
import socket
import stat

mine, theirs = socket.socketpair()
for fd in range(3, 32):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode) and fd not in (mine.fileno(), theirs.fileno()):
            os.dup2(theirs.fileno(), fd)
    except OSError:
        pass
mine.sendall(b"\x10\x00\x00\x00" + b'["ok", true, {}]')


def add(a, b):
    return -1
