"""Which sources of proctor are at work."""

import json
import subprocess
from importlib.metadata import distribution
from pathlib import Path

SOURCES = Path(__file__).parent


def commit() -> str:
    """Return the commit of proctor's sources, with `-dirty` where they differ from it.

    Where they were installed from a repository it is that commit; where they lie in none, proctor's version.
    """
    installed = distribution("proctor")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    if found := origin.get("vcs_info", {}).get("commit_id"):
        return str(found)
    return _of_checkout() or installed.version


def _of_checkout() -> str:
    """Return what git says of the folder, nothing where it is no part of a repository or there is no git."""
    try:
        # --exclude=* leaves tags out, so that it is the commit and nothing else
        described = ("git", "-C", str(SOURCES), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
        tracked = ("git", "-C", str(SOURCES), "ls-files", "--error-unmatch", Path(__file__).name)
        subprocess.run(tracked, capture_output=True, check=True)
        return subprocess.run(described, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
