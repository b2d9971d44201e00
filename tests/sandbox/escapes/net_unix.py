# kind: assert
# verdict: wrong_answer
# threat: unix sockets, with abstract names and with paths
import socket


def add(a, b):
    for address in ("\0proctor", "/tmp/proctor", "/run/docker.sock", "/run/dbus/system_bus_socket"):
        for use in (socket.socket.bind, socket.socket.connect):
            try:
                use(socket.socket(socket.AF_UNIX), address)
                return a + b
            except OSError:
                pass
    return -1
