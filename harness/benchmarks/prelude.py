"""Reads preludes, a TOML file each with a name and a hash: the names that a site gives its programs without import.

A program gets those that it uses and does not define. One that needs none runs without a prelude.
"""

import ast
import hashlib
import re
from functools import cache
from pathlib import Path

import msgspec

from harness.errors import UserError
from harness.syntax import Grammar, parse_text

PRELUDES = Path(__file__).parent / "preludes"

_WORD = re.compile(r"[^\W\d]\w*")
_RUNS_TEXT = frozenset({"eval", "exec", "globals"})
"""A program that reads these may use any name that its texts have."""


class PreludeFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reads the file of a prelude."""

    modules: tuple[str, ...] = ()
    """Of the standard library, by their names."""
    names: dict[str, str] = {}
    """Module of the standard library -> names in it, separated by white space."""
    packages: dict[str, str] = {}
    """Name -> the import of it, from a third-party package."""
    classes: dict[str, str] = {}
    """Name -> source text."""


class Prelude(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a prelude: its names, and the import or value behind each."""

    name: str
    sha256: str
    """Of the file."""
    sources: dict[str, str]
    """Name -> statements, in the order of the file."""
    packages: frozenset[str]
    """Names from third-party packages, which take long to import."""

    def needed_by(self, program: str, grammar: Grammar | None = None) -> str:
        r"""Return the part of the prelude that a program needs.

        A program that is not parsed, or that has texts executed, gets the names that occur in its text.

        Args:
            program: source text.
            grammar: that parses as the interpreter does which runs the program; None for this one.

        Returns:
            Source text; empty where it needs none.

        >>> print(load_prelude("leetcode").needed_by("def f(a: List[int]):\n    return gcd(*a)"), end="")
        try: from math import gcd
        except ImportError: pass
        try: from typing import List
        except ImportError: pass
        >>> load_prelude("leetcode").needed_by("from math import gcd\ndef f(a):\n    return gcd(*a)")
        ''
        """
        words = self.sources.keys() & set(_WORD.findall(program))
        needed = words and self._needed(words, (grammar or parse_text)(program).tree)
        return "".join(source for name, source in self.sources.items() if name in needed)

    def _needed(self, words: set[str], module: ast.Module | None) -> set[str]:
        if module is None:
            return words
        names = [node for node in ast.walk(module) if isinstance(node, ast.Name | ast.arg)]
        read = {node.id for node in names if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        bound = {node.arg if isinstance(node, ast.arg) else node.id for node in names if not _is_read(node)}
        used = words if read & _RUNS_TEXT else words & read
        return used - _defined(module) - (bound & self.packages)


def _is_read(node: ast.Name | ast.arg) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def _defined(module: ast.Module) -> set[str]:
    """Return the names that the first level of a program defines, and raise nothing."""
    names = set[str]()
    for node in module.body:
        match node:
            case ast.Import() | ast.ImportFrom():
                names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Assign(targets=targets):
                parts = (part for target in targets for part in ast.walk(target))
                names.update(part.id for part in parts if isinstance(part, ast.Name) and not _is_read(part))
    return names


@cache
def load_prelude(name: str) -> Prelude:
    """Load a prelude.

    Args:
        name: of one that ships with proctor.

    Returns:
        The prelude.

    Raises:
        UserError: There is none of that name.
    """
    names = sorted(path.stem for path in PRELUDES.glob("*.toml"))
    if name not in names:
        raise UserError(f"there is no prelude {name!r}: a problem's prelude is empty or one of {', '.join(names)}")
    data = (PRELUDES / f"{name}.toml").read_bytes()
    file = msgspec.toml.decode(data, type=PreludeFile)
    imports = {module: f"import {module}" for module in file.modules}
    imports |= {n: f"from {module} import {n}" for module, names in file.names.items() for n in names.split()}
    return Prelude(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        sources={n: f"try: {text}\nexcept ImportError: pass\n" for n, text in {**imports, **file.packages}.items()}
        | {n: text.lstrip() for n, text in file.classes.items()},
        packages=frozenset(file.packages),
    )
