"""Finds runs by name. The command line reads this before all else, so it imports little."""

from pathlib import Path

from harness.errors import UserError, no_such

RUNS = Path("runs")
"""Folder whose runs have names, see `run_path`."""


def run_names() -> tuple[str, ...]:
    """Return the names of the runs in `RUNS`, sorted."""
    return tuple(sorted(path.name for path in RUNS.iterdir() if path.is_dir())) if RUNS.is_dir() else ()


def absent_run(path: Path) -> UserError:
    """Return the error of a path where no run is.

    Args:
        path: As typed.
    """
    return no_such("run", str(path), run_names(), "or name the folder of a run")


def run_path(name: Path) -> Path:
    """Return the path of a run that is given by its path, or by its name below `RUNS`.

    Args:
        name: As typed; what exists is a path.

    Returns:
        The path; as typed where there is no such run.
    """
    return RUNS / name if not name.exists() and (RUNS / name).exists() else name
