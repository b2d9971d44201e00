"""Defines the errors that are reported in one line, their remedy, and the exit codes of the command line."""

import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

USERS_MISTAKE = 2
OUR_FAULT = 3
INTERRUPTED = 130


class UserError(ValueError):
    """Reports a mistake of the user in one line: the place, the mistake, the remedy (exit code 2)."""


class Unavailable(Exception):  # noqa: N818 - names the state, as UserError names the cause
    """Reports in one line that a server, or the like, went away (exit code 3); the same command goes on."""


def install_command(requirement: str) -> str:
    """Return the command that adds to this environment, wherever proctor was installed from.

    An extra of proctor's is read from what is installed here, so no index is asked for proctor itself.

    Args:
        requirement: a library, or an extra such as `proctor[train]`.
    """
    python = Path(sys.executable)
    if shutil.which("pip") == str(python.parent / "pip"):
        command = "pip install"
    elif find_spec("pip"):
        command = f"{shlex.quote(str(python))} -m pip install"
    else:  # as in an environment that uv made
        command = f"uv pip install --python {shlex.quote(str(python))}"
    return f"{command} {shlex.quote(requirement)}"
