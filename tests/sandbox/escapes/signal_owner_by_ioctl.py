# kind: stdio
# verdict: wrong_answer
# threat: the other ways to own a descriptor: FIOSETOWN, SIOCSPGRP and FIOASYNC of ioctl
import fcntl
import os
import socket

input()
named = 0
one, other = socket.socketpair()
for request, number in ((0x8901, 1), (0x8902, 1), (0x8901, -os.getppid()), (0x5452, 1)):
    try:
        fcntl.ioctl(one, request, number.to_bytes(4, "little", signed=True))
        named += 1
    except OSError:
        pass
other.send(b"now")
print(3 if named else -1)
