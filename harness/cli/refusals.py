"""Turns errors of the system that a user can change into one line: a refused place, or a lack of this machine."""

import errno
import os
import select
import sys
from collections.abc import Sequence

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = _FULL | {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP,
}  # fmt: skip
"""Errors of a place that are never ours."""
_LACKING = {
    errno.EMFILE: "close other programs, or raise `ulimit -n`",
    errno.ENFILE: "close other programs",
    errno.ENOMEM: "close other programs, or give --workers fewer",
    errno.EAGAIN: "close other programs, or raise `ulimit -u`",
    errno.EIO: "the disk, or the terminal, may be gone",
    errno.ESTALE: "the disk of another machine may be gone",
}
"""Error -> remedy, where the machine itself fails."""
_VARIABLES = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "HF_HOME")
"""Variables by which a user names folders."""
_USUAL = "runs"
"""Folder that commands take without being told."""


def refused_place(error: OSError, arguments: Sequence[str]) -> str:
    """Describe a place that the system refuses, and that the user can change.

    Args:
        error: of the system.
        arguments: of the command line.

    Returns:
        The place, the reason and the remedy, in one line; empty where the place is none of the user's.
    """
    number = error.errno or 0
    place = error.filename2 or error.filename
    if isinstance(place, int) or not place:
        place = "the output" if number in _FULL | {errno.EROFS} else ""
    else:
        place = os.fsdecode(place)
        place = _word_for(place, arguments) or (place if number in _REFUSED else "")
    room = "make room there, or " if number in _FULL else ""
    return place and f"{place}: can't be read or written: {error.strerror}; {room}choose another place"


def lacking_resource(error: BaseException) -> str:
    """Describe what the machine lacked; the same command goes on once it is there.

    Args:
        error: of any kind.

    Returns:
        The reason and the remedy, in one line; empty where it lacked nothing.
    """
    number = errno.ENOMEM if isinstance(error, MemoryError) else getattr(error, "errno", None)
    remedy = _LACKING.get(number or 0)
    return f"this machine fails: {os.strerror(number)}; {remedy}" if number and remedy else ""


def has_no_reader() -> bool:
    """Return whether what reads our output has gone away, as `head` does."""
    watch = select.poll()
    try:
        watch.register(sys.stdout, 0)
    except (OSError, ValueError):  # it is no file
        return False
    return bool(watch.poll(0))


def _word_for(place: str, arguments: Sequence[str]) -> str:
    """Return the word by which the user named a place, or one that is below, above or beside it; else an empty one."""
    words = [word for text in arguments for word in (text, text.partition("=")[2]) if word]
    words += [os.environ[name] for name in _VARIABLES if os.environ.get(name)]
    here = os.path.abspath(place)  # noqa: PTH100 - of a text, which may be no path
    found = [word for word in (*words, _USUAL) if _are_related(here, os.path.abspath(word), word)]  # noqa: PTH100
    return max(found, key=len, default="")


def _are_related(here: str, named: str, word: str) -> bool:
    """Return whether one path holds the other, or the first is a draft that was to become the second."""
    if f"{here}/".startswith(f"{named}/") or f"{named}/".startswith(f"{here}/") or here.startswith(f"{named}."):
        return True
    folder = os.path.dirname(here)  # noqa: PTH120
    return os.sep in word and folder != os.sep and named.startswith(f"{folder}/")
