"""What holds for every test."""

from hypothesis import settings

# No test fails for being slow: the machine may be busy, and speed is measured in tests/bench.
settings.register_profile("proctor", deadline=None)
settings.load_profile("proctor")
