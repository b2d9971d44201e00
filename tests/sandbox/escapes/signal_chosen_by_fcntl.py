# kind: stdio
# verdict: wrong_answer
# threat: every command of fcntl that names a signal or who gets it, to kill the template, the judge, and what is near
import fcntl
import os
import signal
import socket

input()
SET_SIGNAL, SET_OWNER_EX, NOTIFY = 10, 15, 1026
named = 0
for target in (1, *range(os.getppid(), max(1, os.getppid() - 40), -1)):
    for kind in (1, 2):
        one, other = socket.socketpair()
        commands = (
            (SET_SIGNAL, signal.SIGKILL),
            (fcntl.F_SETOWN, target if kind == 1 else -target),
            (SET_OWNER_EX, kind.to_bytes(4, "little") + target.to_bytes(4, "little")),
            (fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK),
        )
        for command, argument in commands:
            try:
                fcntl.fcntl(one, command, argument)
                named += command != fcntl.F_SETFL
            except OSError:
                pass
        other.send(b"now")
        other.send(b"!", socket.MSG_OOB) if hasattr(socket, "MSG_OOB") else None
for command, argument in ((fcntl.F_SETLEASE, fcntl.F_RDLCK), (NOTIFY, 1)):
    try:
        fcntl.fcntl(os.open(".", os.O_RDONLY), command, argument)
        named += 1
    except OSError:
        pass
print(3 if named else -1)
