"""Gives a program its files: a read-only view of the interpreter, and a writable place.

Where there is no mount namespace the writable place is a folder, renewed between programs and removed at the end. What
a program left is moved aside at once, folder and all, and removed entry by entry: up to a bound while the worker waits,
the rest by a process in the background. The folder around the writable place is closed to programs.
"""

import errno
import os
import re
import site
import sys
import sysconfig
from collections.abc import Generator, Mapping
from itertools import islice

ZONES = "/usr/share/zoneinfo"


def standard_library() -> list[str]:
    """Return the folders of the standard library."""
    paths = sysconfig.get_paths()
    return sorted({paths["stdlib"], paths["platstdlib"]})


def site_folders() -> list[str]:
    """Return the folders with third-party packages of this interpreter, a virtual environment's own first."""
    environment = os.path.dirname(os.path.dirname(os.path.abspath(sys.executable)))
    own = f"{environment}/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    found = [own] if os.path.exists(os.path.join(environment, "pyvenv.cfg")) else []
    found += site.getsitepackages([sys.base_prefix, sys.base_exec_prefix])
    return [path for path in dict.fromkeys(found) if os.path.isdir(path)]


def package_folders(packages: list[str]) -> list[str]:
    """Return the paths of third-party packages, and of the shared libraries that wheels put beside them.

    Args:
        packages: names to import them by; one that is not installed is left out.

    Returns:
        Of each, those of the first folder that has it, as an import would: the next may have another version.
    """
    found: list[str] = []
    for name in packages:
        for folder in site_folders():
            paths = [os.path.join(folder, name + ending) for ending in ("", ".libs", ".py")]
            if here := [path for path in paths if os.path.exists(path)]:
                found += here
                break
    return found


def shared_libraries(known: list[str]) -> list[str]:
    """Return the system's library folders in use, and single libraries outside them.

    Args:
        known: folders, without a slash at the end, whose libraries are left out.

    Returns:
        The paths that exist, sorted.
    """
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        files = {match[1] for line in maps if (match := re.search(r"(/\S+\.so[.\d]*)\n", line))}
    found = {"/etc/ld.so.cache"}
    for path in files:
        folder = os.path.dirname(path)
        if path.startswith(tuple(place + "/" for place in known)):
            continue
        if re.match(r"(/usr)?/lib", folder) and not any(place.startswith(folder + "/") for place in known):
            found |= {folder, folder.removeprefix("/usr")}
        else:
            found.add(path)
    return sorted(path for path in found if os.path.exists(path))


def entries_without(folder: str, hidden: list[str]) -> list[str]:
    """Return the entries of a folder, without the hidden ones.

    Args:
        folder: the folder to list.
        hidden: the paths to leave out, as `folder` and a name.

    Returns:
        Their paths, sorted by name.
    """
    return [path for name in sorted(os.listdir(folder)) if (path := os.path.join(folder, name)) not in hidden]


def others_can_reach(path: str) -> bool:
    """Return whether a user without special rights can walk to a path.

    Args:
        path: absolute.
    """
    execute_for_others = 0o001
    while path != "/":
        if not os.stat(path).st_mode & execute_for_others:
            return False
        path = os.path.dirname(path)
    return True


MOST_ENTRIES = 4 * 4096
"""What is removed while the worker waits: four times as many files as a mounted writable place has room for."""
_DEEPEST = 64
_MOST_ASIDE = 4
_CROSSED, _CLOSED, _OPEN = 0o711, 0o555, 0o755


class Scratch:
    """Renews the writable place in a private folder of the host, beside all that was moved aside."""

    def __init__(self, owner: int | None) -> None:
        """Make it; the writable place is `owner`'s where given."""
        import tempfile  # noqa: PLC0415 - brings along much that every fork would have to copy

        self._root = tempfile.mkdtemp(prefix="proctor-")
        tempfile.tempdir = None  # what it remembers of this is not for the programs
        self._around, self._aside = os.path.join(self._root, "around"), os.path.join(self._root, "aside")
        self.path = os.path.join(self._around, "tmp")
        self._count = 0
        self._remover: int | None = None
        os.chmod(self._root, _CROSSED)
        os.mkdir(self._aside, 0o700)
        os.mkdir(self._around)
        self._make(owner)

    def _make(self, owner: int | None) -> None:
        os.mkdir(self.path)
        os.chmod(self.path, 0o700)
        if owner is not None:
            os.chown(self.path, owner, owner)
        os.chmod(self._around, _CLOSED)

    def link(self, shown: Mapping[str, str]) -> str:
        """Make a folder, beside the writable place, of links to packages; a program imports from it.

        Args:
            shown: path -> where it appears below that folder.

        Returns:
            The folder.
        """
        folder = os.path.join(self._root, "packages")
        os.mkdir(folder)
        for path, place in shown.items():
            os.makedirs(os.path.dirname(os.path.join(folder, place)), exist_ok=True)
            os.symlink(os.path.abspath(path), os.path.join(folder, place))
        return folder

    def renew(self, owner: int | None) -> bool:
        """Put an empty folder in the place of the used one.

        Args:
            owner: the user id that the new one belongs to; None for the caller's own.

        Returns:
            Whether the used one held no more than MOST_ENTRIES.
        """
        used = os.path.join(self._root, "used")
        os.chmod(self._around, _OPEN)
        os.rename(self.path, used)
        self._make(owner)
        few = _remove(used, MOST_ENTRIES)
        if not few:
            self._count += 1
            os.rename(used, os.path.join(self._aside, str(self._count)))
            self._remove_in_background()
        return few

    def _remove_in_background(self) -> None:
        """Have one process remove all that was moved aside; wait for it where there is too much already."""
        if self._remover is not None:
            waits = len(os.listdir(self._aside)) > _MOST_ASIDE
            if os.waitpid(self._remover, 0 if waits else os.WNOHANG) == (0, 0):
                return
        self._remover = os.fork()
        if self._remover == 0:
            try:
                os.nice(19)
                os.closerange(3, 1024)  # the warden's: whoever waits for their end waits for the warden only
                while names := os.listdir(self._aside):
                    _remove(os.path.join(self._aside, names[0]))
            finally:
                os._exit(0)

    def remove(self) -> None:
        """Remove all of it."""
        if self._remover is not None:
            os.waitpid(self._remover, 0)
        os.chmod(self._around, _OPEN)
        _remove(self._root)


def _remove(path: str, most: int | None = None) -> bool:
    """Remove a folder and what is in it; return False if it was left unfinished after so many entries."""
    os.chmod(path, 0o700)
    top = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        removals = removed_from(top)
        for _ in islice(removals, most):
            pass
        if most is not None and next(removals, "done") is None:
            removals.close()
            return False
    finally:
        os.close(top)
    os.rmdir(path)
    return True


class _Level:
    """Walks a folder that is being emptied."""

    def __init__(self, name: str, around: int | None) -> None:
        self.name = name
        self.fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=around)
        self.entries = os.scandir(self.fd)

    def close(self) -> None:
        self.entries.close()
        os.close(self.fd)


def removed_from(top: int) -> Generator[None, None, None]:
    """Remove all that is in a folder, of any mode, name and depth, and yield after each step.

    What is too deep for descriptors moves up to the top, so no depth exhausts them, the stack or the longest path,
    and the steps are some 2 % more than the entries.

    Args:
        top: descriptor of the folder; it stays open.

    Yields:
        None, after each step.
    """
    levels = [_Level(".", top)]
    try:
        while True:
            level = levels[-1]
            entry = next(level.entries, None)
            if entry is not None:
                if _removed(entry, level.fd):
                    yield
                elif len(levels) < _DEEPEST:
                    levels.append(_Level(entry.name, level.fd))
                else:
                    os.rename(entry.name, os.urandom(16).hex(), src_dir_fd=level.fd, dst_dir_fd=top)
                    yield
                continue
            levels.pop().close()
            if levels:
                if not _removed_folder(level.name, levels[-1].fd):  # it did not list all at once
                    levels.append(_Level(level.name, levels[-1].fd))
                yield
            elif os.listdir(top):
                levels.append(_Level(".", top))
            else:
                return
    finally:
        for level in levels:
            level.close()


def _removed(entry: "os.DirEntry[str]", around: int) -> bool:
    """Remove an entry at once, or make it a folder that can be entered."""
    if not entry.is_dir(follow_symlinks=False):
        os.unlink(entry.name, dir_fd=around)
        return True
    if _removed_folder(entry.name, around):
        return True
    os.chmod(entry.name, 0o700, dir_fd=around)
    return False


def _removed_folder(name: str, around: int) -> bool:
    """Remove a folder if it is empty."""
    try:
        os.rmdir(name, dir_fd=around)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True
