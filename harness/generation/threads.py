"""Chooses the threads that compute a model on the CPU, for generation and training alike.

Threads of one computation wait for each other at its end, some hundred times a token. By default they spin meanwhile,
which takes the processors from whatever else runs and, where there are more threads than processors, from each other.
"""

import os
from functools import cache

_A_THREAD = 1_000_000
"""Parameters that pay for a thread: below two of these, a second costs more than it does on two quiet processors."""
_BY_USER = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
_SPINS = "1000"
"""Some microseconds, in which most waits end on a quiet machine, whose threads so stay awake."""


def wait_passively() -> None:
    """Let threads that wait for others sleep soon, unless the user's environment says how they wait.

    To be called before PyTorch is imported: its libraries read this once.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
        os.environ.setdefault("KMP_BLOCKTIME", "0")


def choose_threads(parameters: int, before: int = 0) -> str:
    """Set the number of threads by the size of a model, unless the user's environment has set it.

    Args:
        parameters: of the model.
        before: threads with which this work began, whose arithmetic is to go on; 0 where it begins.

    Returns:
        What was chosen and why, in a few words.
    """
    import torch  # noqa: PLC0415 - seconds

    usual = _usual()
    given = next((f"{name}={os.environ[name]}" for name in _BY_USER if os.environ.get(name)), "")
    if not given:
        torch.set_num_threads(before or max(1, min(usual, parameters // _A_THREAD)))
    threads = torch.get_num_threads()
    why = given or ("as it began" if before else "the model is small" if threads < usual else "")
    return f"{threads} thread{'' if threads == 1 else 's'}{f' ({why})' if why else ''}"


@cache
def _usual() -> int:
    """Return the number of threads that PyTorch took by itself."""
    import torch  # noqa: PLC0415 - seconds

    return torch.get_num_threads()
