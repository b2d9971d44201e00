"""Tests of the sandbox run once more: by another user, or where the host gives less."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent.parent
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}


def reachable_python():
    """Return an interpreter that every user can start and that knows our packages, or None."""
    path = shutil.which("python3", path="/usr/bin:/usr/local/bin:/opt/bin")
    if path is None or not ROOT.stat().st_mode & 0o005:
        return None
    asked = [path, "-c", "import sys; print(*sys.version_info[:2])"]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    return path if ended.stdout.split() == [str(part) for part in sys.version_info[:2]] else None


def environment_of_another():
    """Return what another user's interpreter needs to find our packages."""
    packages = Path(np.__file__).parent.parent
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"}


def as_another(tests, *before, **how):
    """Run some tests of this folder in another process, as another user or in another place; return its end."""
    python = reachable_python()
    if python is None:
        pytest.skip(f"no python3.{sys.version_info[1]} in /usr/bin that other users can start")
    chosen = [Path(__file__).with_name(test) for test in tests]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        return subprocess.run(
            [*before, python, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no", "-q", *chosen],
            cwd=ROOT, env={**environment_of_another(), "PYTEST_DEBUG_TEMPROOT": folder}, capture_output=True, text=True,
            check=False, **how,
        )  # fmt: skip


def summary(ended):
    """Return the last lines that pytest wrote: the count, and before it what failed."""
    return "\n".join((ended.stdout + ended.stderr).splitlines()[-20:])
