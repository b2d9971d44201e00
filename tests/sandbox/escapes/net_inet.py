# kind: assert
# verdict: wrong_answer
# threat: sockets of every internet family and type
import socket


def add(a, b):
    for family in (socket.AF_INET, socket.AF_INET6):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                socket.socket(family, kind).close()
                return a + b
            except OSError:
                pass
    return -1
