# kind: assert
# verdict: runtime_error wrong_answer
# threat: the process's own memory searched for the test, in several encodings
import re


def readable():
    for row in open("/proc/self/maps"):
        span, mode = row.split()[:2]
        start, end = (int(part, 16) for part in span.split("-"))
        if mode.startswith("rw") and end - start < 1 << 27:
            yield start, end - start


def add(a, b):
    plain = f"add({a}, {b}) == ".encode()
    wanted = [(plain, 1), (plain.decode().encode("utf-16-le"), 2), (plain.decode().encode("utf-32-le"), 4)]
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        for start, size in readable():
            memory.seek(start)
            text = memory.read(size) or b""
            for needle, width in wanted:
                at = text.find(needle)
                digits = text[at + len(needle) : at + len(needle) + 8 * width].replace(b"\0", b"") if at >= 0 else b""
                if found := re.match(rb"-?\d+", digits):
                    return int(found[0])
    return -1
