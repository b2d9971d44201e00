# kind: assert
# verdict: wrong_answer
# threat: memory, environment and descriptors of the process that started this one
import os


def add(a, b):
    for pid in {1, os.getppid()} - {0, os.getpid()}:
        for name in ("mem", "environ", "maps", "stack", "syscall", "auxv", "io"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    file.read(0 if name == "mem" else 1)
                return a + b
            except OSError:
                pass
        for name in ("fd", "map_files", "root", "cwd"):
            try:
                os.listdir(f"/proc/{pid}/{name}")
                return a + b
            except OSError:
                pass
    return -1
