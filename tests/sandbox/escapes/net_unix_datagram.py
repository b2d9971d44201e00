# kind: assert
# verdict: wrong_answer
# threat: a datagram to an address, from a socket pair that needed no socket()
import socket

ADDRESSES = ("/dev/log", "/run/systemd/journal/socket", "/run/systemd/journal/dev-log", "/run/systemd/notify")


def add(a, b):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            mine, _ = socket.socketpair(socket.AF_UNIX, kind)
        except OSError:
            continue
        for address in ADDRESSES:
            try:
                mine.sendto(b"", address)
                return a + b
            except OSError:
                pass
    return -1
