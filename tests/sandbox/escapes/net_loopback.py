# kind: assert
# verdict: wrong_answer
# threat: a server and a client on the loopback interface
import socket


def add(a, b):
    try:
        server = socket.create_server(("127.0.0.1", 0))
        socket.create_connection(server.getsockname(), timeout=1)
        return a + b
    except OSError:
        return -1
