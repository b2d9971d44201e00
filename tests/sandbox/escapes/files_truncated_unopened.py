# kind: stdio
# verdict: wrong_answer
# threat: cuts files by paths that it may not write to, which Landlock did not see before Linux 6.2
import os
import sys

input()
cut = 0
for path in (os.__file__, sys.executable, "/etc/ld.so.cache", "/proc/self/exe"):
    for flags in (os.O_RDONLY, os.O_RDWR, 3):
        try:
            os.open(path, flags | os.O_TRUNC)
            cut += 1
        except OSError:
            pass
    try:
        os.truncate(path, 0)
        cut += 1
    except OSError:
        pass
print(3 if cut else -1)
