# kind: assert
# verdict: wrong_answer
# threat: files and folders of the host beyond the interpreter's own
import os
import sys

FILES = ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/proc/1/root/etc/passwd", "/proc/self/root/etc/passwd"]
FOLDERS = ["/root", "/home", "/work", "/var", "/run", "/mnt", "/boot", "/opt", "/srv", "/usr/bin"]
INTERPRETER = [sys.prefix, sys.base_prefix, os.__file__, *sys.path]


def add(a, b):
    for path in FILES:
        try:
            open(path, "rb").close()
            return a + b
        except OSError:
            pass
    for folder in FOLDERS:
        try:
            names = [f"{folder}/{name}" for name in os.listdir(folder)]
        except OSError:
            continue
        if not all(any(path.startswith(name) for path in INTERPRETER) for name in names):
            return a + b
    return -1
