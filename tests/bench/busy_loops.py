"""Keeps the processors busy beside a measurement."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_BUSY = "import os; script = os.getppid()\nwhile os.getppid() == script: pass"
"""Ends with this script, however that ends."""


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep `count` processes busy meanwhile, a session each: Linux shares its processors among sessions first."""
    loops = [subprocess.Popen([sys.executable, "-c", _BUSY], start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
