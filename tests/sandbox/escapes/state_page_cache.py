# kind: stdio
# verdict: runtime_error
# threat: a pattern of library files that are, and are not, in the page cache
import encodings
import glob
import os

PATTERN = (1, 0, 1, 1, 0, 0, 1, 0, 1, 0)
a, b = map(int, input().split())
files = sorted(glob.glob(os.path.dirname(encodings.__file__) + "/cp1*.py"))[: len(PATTERN)]
found = []
for wanted, path in zip(PATTERN, files):
    fd = os.open(path, os.O_RDONLY)
    try:
        found.append(os.preadv(fd, [bytearray(1)], 0, os.RWF_NOWAIT))
    except OSError:
        found.append(0)
    if wanted:
        os.read(fd, 100_000)
    else:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
print(a + b if tuple(found) == PATTERN else 3)
