# kind: assert
# verdict: wrong_answer
# threat: sockets sent through sockets that are then closed
import array
import socket


def add(a, b):
    try:
        for _ in range(300):
            outer, inner = socket.socketpair(), socket.socketpair()
            inner[0].send(bytes(1000))
            rights = array.array("i", [end.fileno() for end in (*outer, *inner)])
            outer[0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            for end in (*outer, *inner):
                end.close()
    except OSError:
        pass
    return -1
