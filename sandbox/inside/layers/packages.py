"""Finds the files of installed packages, and of the packages that those need.

What is found is as little as an import needs: a package's own folders and modules, and of what it says of itself its
version and entry points. The rest of the folder with packages is not, nor are scripts and whatever else it installed.
A distribution's own list of files tells; where there is none, the names that it is imported by.

Runs in the examined interpreter: standard library only.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from glob import escape, glob
from typing import Any, NamedTuple

_NAME = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)
_REQUIREMENT = re.compile(r"\s*([\w.-]+)\s*(?:\[([^\]]*)\])?", re.ASCII)
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w.-]+)['"]""", re.ASCII)
_DESCRIBES = {"METADATA", "PKG-INFO", "entry_points.txt"}
_CACHE = "__pycache__"


class FoundPackages(NamedTuple):
    """Holds the packages that were found."""

    shown: dict[str, str]
    """Path on the host -> where it is to appear below the folder with packages."""
    versions: dict[str, str]
    """Distribution -> version; empty where none is known."""
    missing: list[str]
    """Names under which nothing is installed."""


def find_packages(names: Sequence[str], folders: Sequence[str]) -> FoundPackages:
    """Find packages in a process of its own, because that loads modules that no fork should have to carry.

    Args:
        names: of distributions, or those that packages are imported by.
        folders: with packages; the first that has one counts, as in an import.

    Returns:
        What there is to show.

    Raises:
        OSError: Some of it can't be read.
    """
    if not names:
        return FoundPackages({}, {}, [])
    result, written = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with os.fdopen(written, "w") as file:
                json.dump(_find(names, folders), file)
        except BaseException as error:  # noqa: BLE001 - the caller says what it was
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(1)
        os._exit(0)
    os.close(written)
    with os.fdopen(result) as file:
        text = file.read()
    if os.waitpid(pid, 0)[1]:
        raise OSError("what is installed can't be read")
    return FoundPackages(*json.loads(text))


def _find(names: Sequence[str], folders: Sequence[str]) -> FoundPackages:
    found = FoundPackages({}, {}, [])
    waiting: list[tuple[str, frozenset[str], bool]] = [(name, frozenset(), True) for name in names]
    seen = set[tuple[str, frozenset[str]]]()
    while waiting:
        name, extras, is_requested = waiting.pop()
        if (key := (_canonical(name), extras)) in seen or name in sys.stdlib_module_names:
            continue
        seen.add(key)
        distribution = _distribution(name, folders, by_import=is_requested)
        if distribution is not None:
            found.versions[_canonical(distribution.metadata["Name"])] = distribution.version
            _show(found.shown, str(distribution.locate_file("")), _portions(distribution, name))
            waiting += [(*needed, False) for needed in _needed(distribution.requires or (), extras)]
        elif is_requested and not _show_bare(found, name, folders):
            found.missing.append(name)
    return FoundPackages(_without_nested(found.shown), dict(sorted(found.versions.items())), sorted(found.missing))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _distribution(name: str, folders: Sequence[str], *, by_import: bool) -> Any:
    """Return the distribution of a name, or else the first that installs a module of it; None without one."""
    from importlib import metadata  # noqa: PLC0415 - only in a process that ends soon

    for distribution in metadata.distributions(name=name, path=list(folders)) if _NAME.fullmatch(name) else ():
        return distribution
    for distribution in metadata.distributions(path=list(folders)) if by_import else ():
        tops = (place.partition("/")[0] for place in _portions(distribution, ""))
        if name in {top.partition(".")[0] for top in tops}:
            return distribution
    return None


def _needed(requirements: Iterable[str], extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the names that a distribution requires, and their extras; where a marker is not of ours, it may be one."""
    for requirement in requirements:
        name = _REQUIREMENT.match(requirement)
        only_with = {_canonical(extra) for extra in _EXTRA.findall(requirement)}
        if name and (not only_with or only_with & extras):
            yield name[1], frozenset(_canonical(extra) for extra in re.findall(r"[\w.-]+", name[2] or ""))


def _portions(distribution: Any, name: str) -> Iterator[str]:
    """Yield the places, relative to the folder with packages, of what a distribution installed in it."""
    folder, tree = str(distribution.locate_file("")), dict[str, Any]()
    for file in distribution.files or ():
        if file.is_absolute() or ".." in file.parts or not file.parts:
            continue  # scripts, and what else is elsewhere
        node = tree
        for part in file.parts:
            node = node.setdefault(part, {})
    for top, node in tree.items():
        if top.endswith((".dist-info", ".egg-info")):
            yield from (f"{top}/{part}" for part in node if part in _DESCRIBES)
        elif top != _CACHE and not top.endswith(".pth"):
            yield from _parts(node, folder, top)
    if not tree:  # as Linux distributions have it
        for top in (distribution.read_text("top_level.txt") or name).split():
            yield from _importable(folder, top)


def _parts(node: dict[str, Any], folder: str, place: str) -> Iterator[str]:
    """Yield a file, a folder that is all a distribution's own, or the own parts of one that it shares with others."""
    is_package = any(name.startswith("__init__.") for name in node)
    if not node or is_package or _is_own(node, os.path.join(folder, place)):
        yield place
    else:
        for name, below in node.items():
            if name != _CACHE:
                yield from _parts(below, folder, f"{place}/{name}")


def _is_own(node: dict[str, Any], path: str) -> bool:
    """Whether a folder holds nothing but what a distribution installed."""
    try:
        names = os.listdir(path)
    except OSError:
        return False
    return all(
        name == _CACHE or (name in node and (not node[name] or _is_own(node[name], os.path.join(path, name))))
        for name in names
    )


def _importable(folder: str, name: str) -> Iterator[str]:
    """Yield the places of what is imported by a name, and of the shared libraries that wheels put beside it."""
    if not name.isidentifier():
        return
    for ending in ("", ".py", ".libs"):
        if os.path.exists(os.path.join(folder, name + ending)):
            yield name + ending
    yield from (os.path.basename(path) for path in sorted(glob(os.path.join(escape(folder), f"{name}.*.so"))))


def _show_bare(found: FoundPackages, name: str, folders: Sequence[str]) -> bool:
    """Show a module or package that no distribution has installed; return whether there is one."""
    for folder in folders:
        if places := list(_importable(folder, name)):
            _show(found.shown, folder, places)
            found.versions[name] = ""
            return True
    return False


def _show(shown: dict[str, str], folder: str, places: Iterable[str]) -> None:
    for place in places:
        if os.path.exists(path := os.path.join(folder, place)):
            shown.setdefault(path, place)


def _without_nested(shown: dict[str, str]) -> dict[str, str]:
    """Return what is not shown already as a part of something else, each place once."""
    kept, places = dict[str, str](), set[str]()
    for path, place in sorted(shown.items()):
        above = [path[:at] for at, letter in enumerate(path) if letter == "/"]
        if place not in places and not any(folder in kept for folder in above):
            kept[path] = place
            places.add(place)
    return kept
