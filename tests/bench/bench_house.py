"""Measures the house: the size of its files and functions, its names, its circles, its docstrings.

    python bench_house.py [--root DIR] [--names] [--check]

prints one line a measure for the tree in DIR, this one by default; with --names, also the circles and the names that
occur twice; with --check, ends with 1 where a measure is past its bar.
"""

import argparse
import ast
import io
import re
import statistics
import sys
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGES = ("sandbox", "harness", "trainers", "leaderboards")
BARS = {
    "files": 305,
    "code lines": 27_311,
    "most lines of a file": 350,
    "most lines of a function": 60,
    "public names that occur twice": 3,
    "circles": 0,
    "of these without Args": 0,
    "modules whose first line has a clause": 0,
    "classes whose first line has a clause": 0,
}
"""The most of each that `make check` lets pass. Lower one when the house got smaller; don't raise one."""
CLAUSE = re.compile(r"\b(what|which|where|why|who|whose|how)\b", re.IGNORECASE)
_NO_CODE = {
    tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(root: Path) -> Mapping[str, ast.Module]:
    """Return the syntax tree of each module of the four packages below a folder, by dotted name."""
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    return {_dotted(path.relative_to(root)): ast.parse(path.read_text()) for path in paths}


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _file(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    return path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"


def code_lines(source: str) -> int:
    """Return the lines of a source with code: neither blank, nor comments, nor docstrings."""
    texts = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type not in _NO_CODE]
    with_code = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    return len(with_code - {line for first, last in texts for line in range(first, last + 1)})


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield the functions and methods of a module."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def imports(tree: ast.Module, known: Mapping[str, ast.Module]) -> set[str]:
    """Return the modules of ours that a module imports, anywhere in it, for types too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {deeper if (deeper := f"{node.module}.{a.name}") in known else node.module for a in node.names}
    return found & set(known)


def circles(known: Mapping[str, ast.Module]) -> list[list[str]]:
    """Return the groups of modules that import each other, in a circle however long."""
    edges = {module: imports(tree, known) for module, tree in known.items()}
    reached = {name: _reached(name, edges) for name in known}
    groups = {tuple(sorted(other for other in reached[name] if name in reached[other])) for name in known}
    return sorted(list(group) for group in groups if group)


def _reached(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(edges[start])
    while todo:
        module = todo.pop()
        if module not in seen:
            seen.add(module)
            todo += edges[module]
    return seen


def doubled_names(known: Mapping[str, ast.Module]) -> dict[str, list[str]]:
    """Return the public classes and functions that more than one module defines, with these modules."""
    places: dict[str, list[str]] = {}
    for module, tree in known.items():
        for node in tree.body:
            if isinstance(node, (*Function.__args__, ast.ClassDef)) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module)
    return {name: where for name, where in sorted(places.items()) if len(where) > 1}


def public_functions(tree: ast.Module) -> Iterator[Function]:
    """Yield the functions of a module, and the methods of its classes, that others may call."""
    for node in tree.body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (part for part in node.body if isinstance(part, Function) and not part.name.startswith("_"))


def takes_arguments(node: Function) -> bool:
    """Return whether a function has parameters that its docstring explains: click tells those of a command itself."""
    given = node.args
    names = [parameter.arg for parameter in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    is_command = any(re.fullmatch(r"\w+\.command\(.*\)", ast.unparse(mark)) for mark in node.decorator_list)
    return not is_command and bool(set(names) - {"self", "cls"} or given.vararg or given.kwarg)


def explains_arguments(node: Function) -> bool:
    """Return whether a function's docstring has the section that explains its parameters."""
    return "Args:" in (ast.get_docstring(node) or "")


def first_line(node: ast.Module | ast.ClassDef) -> str:
    """Return the first line of a docstring; "" where there is none."""
    return (ast.get_docstring(node) or "").partition("\n")[0]


def measure(root: Path) -> dict[str, int]:
    """Return the measures of the tree in a folder, by what is counted."""
    known = modules(root)
    sources = [_file(root, module).read_text() for module in known]
    lengths = [len(source.splitlines()) for source in sources]
    bodies = [(node.end_lineno or node.lineno) - node.lineno + 1 for tree in known.values() for node in functions(tree)]
    classes = [node for tree in known.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    public = [node for tree in known.values() for node in public_functions(tree)]
    taking = [node for node in public if takes_arguments(node)]
    return {
        "files": len(known),
        "lines": sum(lengths),
        "code lines": sum(map(code_lines, sources)),
        "median lines of a file": round(statistics.median(lengths)),
        "most lines of a file": max(lengths),
        "median lines of a function": round(statistics.median(bodies)),
        "most lines of a function": max(bodies),
        "public names that occur twice": len(doubled_names(known)),
        "circles": len(circles(known)),
        "public functions": len(public),
        "public functions that take arguments": len(taking),
        "of these without Args": sum(not explains_arguments(node) for node in taking),
        "modules whose first line has a clause": sum(bool(CLAUSE.search(first_line(tree))) for tree in known.values()),
        "classes whose first line has a clause": sum(bool(CLAUSE.search(first_line(node))) for node in classes),
    }


def main() -> int:
    """Print the measures of a tree, and what is behind those that should be nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--names", action="store_true", help="print the circles and the doubled names as well")
    parser.add_argument("--check", action="store_true", help="end with 1 where a measure is past its bar")
    arguments = parser.parse_args()
    measured = measure(arguments.root)
    for what, number in measured.items():
        print(f"{number:7,}  {what}" + (f" (at most {BARS[what]:,})" if what in BARS else ""))
    if arguments.names:
        known = modules(arguments.root)
        for circle in circles(known):
            print("circle:", ", ".join(circle))
        for name, where in doubled_names(known).items():
            print(f"{name}:", ", ".join(where))
    return int(arguments.check and any(measured[what] > bar for what, bar in BARS.items()))


if __name__ == "__main__":
    sys.exit(main())
