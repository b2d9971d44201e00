# kind: assert
# verdict: wrong_answer
# threat: netlink, packet, vsock, alg, bluetooth and kernel-connection sockets
import socket


def add(a, b):
    for family in (16, 17, 38, 40, 31, 32, 29, 44, 15, 21):
        for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
            for make in (socket.socket, socket.socketpair):
                try:
                    make(family, kind)
                    return a + b
                except OSError:
                    pass
    return -1
