# kind: assert
# verdict: wrong_answer
# threat: files and folders of the host
import os

FILES = ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/machine-id", "/proc/1/root/etc/passwd", "/proc/self/root/etc/passwd"]
FOLDERS = ["/root", "/home", "/work", "/var", "/run", "/mnt", "/boot", "/opt", "/srv", "/usr/bin", "/tmp/../root", "/proc/self/cwd/../home"]


def add(a, b):
    for path in FILES:
        try:
            with open(path, "rb") as file:
                file.read(1)
            return a + b
        except OSError:
            pass
    for path in FOLDERS:
        try:
            if os.listdir(path):
                return a + b
        except OSError:
            pass
    return -1
