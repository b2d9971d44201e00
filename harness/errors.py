"""Defines the errors that are reported in one line, their remedy, and the exit codes of the command line."""

import shlex
import shutil
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

USERS_MISTAKE = 2
OUR_FAULT = 3
INTERRUPTED = 130
OUTPUT_CLOSED = 141
"""As a shell reports it of a program whose reader went away: 128 and the number of SIGPIPE."""

_LISTED = 20
"""Names of a message."""
_LONGEST, _MOST = 200, 10_000
"""Characters of a name, and names, that are compared: both may come from a file of any origin."""


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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question that names the known word nearest to a wrong one.

    >>> did_you_mean("scor", ["run", "score"]), did_you_mean("xyz", ["run"])
    (" Did you mean 'score'?", '')

    Args:
        word: as typed.
        known: words that would have been right.

    Returns:
        The question, after a blank; empty where none is near.
    """
    names = [name for name in islice(known, _MOST) if len(name) <= _LONGEST]
    lower = {name.lower(): name for name in names}
    close = get_close_matches(word[:_LONGEST].lower(), lower, 1)
    return f" Did you mean {lower[close[0]]!r}?" if close else ""


def no_such(what: str, word: str, known: Iterable[str], more: str = "", *, where: str = "") -> UserError:
    """Return the error of a name that is none of those known.

    >>> print(no_such("card", "chatt", ["chat", "base"], "or name a file"))
    there is no card 'chatt'. Did you mean 'chat'? Choose from chat, base; or name a file
    >>> print(no_such("card", "chatt", []))
    there is no card 'chatt'. There is none, leave it out

    Args:
        what: kind of the name.
        word: as typed.
        known: names that there are, in the order of the message.
        more: what may be given instead of a name.
        where: option or file that the name belongs to, if the kind doesn't say it.
    """
    names = list(known)
    others = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    remedy = f"Choose from {', '.join(names[:_LISTED])}{others}{more and f'; {more}'}"
    if not names:
        instead = more.removeprefix("or ") or "there is none, leave it out"
        remedy = f"{instead[0].upper()}{instead[1:]}"
    place = where and f"{where}: "
    return UserError(f"{place}there is no {what} {word!r}.{did_you_mean(word, names)} {remedy}")
