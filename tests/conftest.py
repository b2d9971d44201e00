"""What holds for every test."""

import os
import signal

from hypothesis import settings

# Each test process has a core; a torch that takes them all is slower than one that takes its own.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No test fails for being slow: the machine may be busy, and speed is measured in tests/bench.
settings.register_profile("proctor", deadline=None)
settings.load_profile("proctor")

# A job in the background begins deaf to Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path, config):
    """Leave a file of slow tests unread where `make quick` wants none: to import torch alone takes seconds."""
    wants_none = config.option.markexpr == "not slow" and collection_path.suffix == ".py"
    return True if wants_none and "\npytestmark = pytest.mark.slow\n" in collection_path.read_text() else None
