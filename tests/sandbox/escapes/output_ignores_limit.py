# kind: stdio
# verdict: output_limit
# threat: output without an end that takes no notice of the signal or the error
import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for _ in range(100):
    try:
        os.write(1, b"3" * 1_000_000)
    except OSError:
        pass
