# kind: assert
# verdict: time_limit
# threat: clocks and limits replaced while computing for ever
import resource
import signal
import time

time.monotonic = time.time = time.process_time = lambda: 0.0
resource.getrusage = lambda who: (0,) * 16
try:
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except (OSError, ValueError):
    pass
for name in ("SIGXCPU", "SIGALRM", "SIGPROF", "SIGVTALRM", "SIGTERM"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)


def add(a, b):
    while True:
        pass
