"""What of the host's file system the running interpreter needs: the view that a program gets, and no more."""

import os
import re
import site
import sys
import sysconfig

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
    """Return where the named third-party packages lie, with the shared libraries that wheels put beside them."""
    names = [name + ending for name in packages for ending in ("", ".libs", ".py")]
    found = (os.path.join(folder, name) for name in names for folder in site_folders())
    return [path for path in found if os.path.exists(path)]


def shared_libraries(known: list[str]) -> list[str]:
    """Return the system's library folders in use, and single libraries that lie elsewhere, outside `known` folders."""
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
    """Return what lies in a folder, one by one, leaving out the hidden ones."""
    return [path for name in sorted(os.listdir(folder)) if (path := os.path.join(folder, name)) not in hidden]
