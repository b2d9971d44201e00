# kind: assert
# verdict: accepted
# threat: none: prints, warns and logs beside the right answer
import logging
import sys
import warnings

print("loading", flush=True)


def add(a, b):
    print(f"add({a}, {b})")
    print("note", file=sys.stderr)
    warnings.warn("noise")
    logging.error("noise")
    sys.stdout.write("no line end")
    return a + b
