"""Finds runs by name. The command line reads this before all else, so it imports little."""

from pathlib import Path

RUNS = Path("runs")
"""Folder whose runs have names, see `run_path`."""


def run_path(name: Path) -> Path:
    """Return the path of a run that is given by its path, or by its name below `RUNS`.

    Args:
        name: As typed; what exists is a path.

    Returns:
        The path; as typed where there is no such run.
    """
    return RUNS / name if not name.exists() and (RUNS / name).exists() else name
