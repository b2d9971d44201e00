"""Parses texts as Python; nothing is executed, and no text makes it raise.

Only the parser is used, never the compiler: compiling a hostile text of a megabyte can take a minute, or bring the
interpreter down (a comprehension with many `for`), which parsing it can't. So `return` outside a function passes here.

Nor is every text parsed, because the parser takes up to a kilobyte and 3 us a character, and twice that where there is
an error; another 64 bytes for each bracket that is open; and a square of time for f-strings and some encodings. What is
left unparsed counts as no program, for want of knowing; `is_beyond` tells.
"""

import ast
import builtins
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

MOST_CHARACTERS = 50_000
"""Longer texts are not parsed; a program that a model writes has some thousand."""
MOST_PARSED = 4 * MOST_CHARACTERS
"""Characters that a `Parser` parses in all."""
_MOST_NESTED = 8 * MOST_CHARACTERS
"""Characters times the depth of their brackets."""
_MOST_FIELDS = 4000 * MOST_CHARACTERS
"""Characters times the fields of f-strings."""
_BRACKET = re.compile(r"[\[({\])}]")
_F_STRING = re.compile(r"\b(?:f|rf|fr)[\"']", re.IGNORECASE)
_SLOW_ENCODING = re.compile(r"coding[:=][ \t]*(?:idna|punycode)", re.IGNORECASE)
_STEP = dict.fromkeys("[({", 1) | dict.fromkeys("])}", -1)

_REFUSES = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
_ALLOW_INCOMPLETE_INPUT = 0x4000
"""The flag with which codeop has the parser tell a text that ends too early from one that is wrong."""
_PARSERS_DEPTH = 200
"""The parser itself refuses deeper brackets."""
_GIVEN = frozenset(dir(builtins)) | {"__file__", "__builtins__", "__annotations__", "reveal_type"}
_LABELS = frozenset({"python", "python3", "py"})
_PREPARES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class ParsedText(NamedTuple):
    """Holds the outcome of parsing a text."""

    tree: ast.Module | None = None
    """None if it is not a program."""
    is_unfinished: bool = False
    """Whether it is not one only because it ends too early: in a bracket, in a string, before a body."""


NO_PROGRAM = ParsedText()

Grammar = Callable[[str], ParsedText]
"""Parses a text as one version of Python does; `parse_text` as this one."""


class Parser:
    """Parses the many readings of one completion, but no more than `MOST_PARSED` characters of them in all.

    For a text that is not a program, the outcome is kept: it is mostly needed twice.
    """

    def __init__(self, grammar: Grammar | None = None) -> None:
        """Begin with nothing parsed; without a grammar, as this Python parses."""
        self.grammar = grammar or parse_text
        self._left = MOST_PARSED
        self._refused = dict[str, ParsedText]()

    def __call__(self, text: str) -> ParsedText:
        """Return the outcome; no program, where the text was not parsed."""
        if text in self._refused:
            return self._refused[text]
        if self.gave_up(text):
            return NO_PROGRAM
        self._left -= len(text)
        found = self.grammar(text)
        if found.tree is None:
            self._refused[text] = found
        return found

    def gave_up(self, text: str) -> bool:
        """Return whether the text was not, or would not be, parsed.

        Args:
            text: one reading of the completion.

        Returns:
            True where it is too long or too deep, or longer than what is left of `MOST_PARSED`.
        """
        return text not in self._refused and (len(text) > self._left or is_beyond(text))


def parse_text(text: str) -> ParsedText:
    """Parse a text as the judge reads a program.

    Args:
        text: of any length and content.

    Returns:
        Its tree; or none, and whether that is only because it ends too early.
    """
    if is_beyond(text):
        return NO_PROGRAM
    try:
        return ParsedText(tree=_parse(text))
    except SyntaxError as error:
        return ParsedText(is_unfinished="incomplete input" in str(error))
    except _REFUSES:
        return NO_PROGRAM


def is_beyond(text: str) -> bool:
    """Return whether a text is not parsed, because that could take too long or too much memory.

    Brackets in strings count as well: in a text of this size, some dozens may open there and never close.

    Args:
        text: of any length and content.

    Returns:
        True where it is too long, or too long for its nested brackets, its f-strings or its encoding.
    """
    if len(text) <= _MOST_NESTED // _PARSERS_DEPTH:
        return False
    return (
        len(text) > MOST_CHARACTERS
        or len(text) * max(accumulate(map(_STEP.__getitem__, _BRACKET.findall(text))), default=0) > _MOST_NESTED
        or (len(text) * text.count("{") > _MOST_FIELDS and _F_STRING.search(text) is not None)
        or any(map(_SLOW_ENCODING.search, text.split("\n", 2)[:2]))
    )


def does_nothing(tree: ast.Module) -> bool:
    """Return whether all that the program does is to name things, as a word of prose does that happens to parse.

    Args:
        tree: of the program.

    Returns:
        True, too, where there are no statements.
    """
    return all(_is_idle(statement) for statement in tree.body)


def defines(tree: ast.Module, name: str) -> bool:
    """Return whether a program binds a name at its top level, or as a method of its class `Solution`.

    Args:
        tree: of the program.
        name: such as `f` or `Solution().f`; any program binds "".

    Returns:
        Whether calls of that name can find it.
    """
    name = name.rpartition(".")[2]
    solutions = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Solution"]
    return not name or any(name in _bound_by(body) for body in (tree.body, *solutions))


def lacks(tree: ast.Module) -> frozenset[str]:
    """Return the names that a program reads but binds nowhere, and that Python doesn't give.

    Args:
        tree: of the program.
    """
    nodes = tuple(ast.walk(tree))
    read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return frozenset(read.difference(_GIVEN, *map(_names, nodes)))


def binds(tree: ast.Module) -> frozenset[str]:
    """Return the names that a program binds at its top level.

    Args:
        tree: of the program.
    """
    return _bound_by(tree.body)


def acts(tree: ast.Module) -> bool:
    """Return whether a program does more, when it is run, than to define and import.

    Args:
        tree: of the program.
    """
    return not all(isinstance(statement, _PREPARES) or _is_idle(statement) for statement in tree.body)


def stray_lines(tree: ast.Module) -> tuple[int, int]:
    """Return how many lines at a program's start, and at its end, are words that can only raise a NameError.

    Such a line is prose that happens to parse: "Solution" or "Complexity: O(n)".

    Args:
        tree: of the program.

    Returns:
        The last of these lines at the start, and the first at the end, from 1; 0 where there are none.
    """
    missing = lacks(tree)
    before = after = 0
    for statement in tree.body:
        if not _is_stray(statement, missing):
            break
        before = statement.lineno
    for statement in reversed(tree.body):
        if not _is_stray(statement, missing):
            break
        after = statement.lineno
    return before, after


def leans_on(tree: ast.Module, prompt: str, name: str, grammar: Grammar | None = None) -> bool:
    """Return whether the program uses, or lacks as its `name`, what the prompt defines and the program itself doesn't.

    A program with a `__future__` import can't follow a prompt, so it leans on none.

    Args:
        tree: of the program, without the prompt.
        prompt: source text; one that is not Python defines nothing.
        name: the entry point, "" for none.
        grammar: that parses the prompt; None for this Python's.

    Returns:
        Whether the program needs the prompt before it.
    """
    given = _given_by(prompt, grammar or parse_text)
    nodes = tuple(ast.walk(tree)) if given else ()
    if any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in nodes):
        return False
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)} | {name}
    return not given.isdisjoint(used.difference(*map(_names, nodes)))


def _parse(text: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | _ALLOW_INCOMPLETE_INPUT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\\w" in a program is its own affair
        data = text.encode("utf-8", "surrogatepass")
        tree: ast.Module = compile(data, "program.py", "exec", flags, dont_inherit=True)
    return tree


def _is_idle(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None
    if isinstance(statement, ast.Expr):
        return not any(isinstance(node, ast.Call) for node in ast.walk(statement))
    return isinstance(statement, ast.Pass)


def _is_stray(statement: ast.stmt, missing: frozenset[str]) -> bool:
    """Return whether a statement is a line of words, one of which is a name that nothing binds."""
    match statement:
        case ast.Expr(value=ast.Name(id=name)):
            words = name in missing and ((name[0].isascii() and name[0].isupper()) or name in _LABELS)
        case ast.AnnAssign(target=ast.Name(id=name), value=None, annotation=annotation):
            words = name[0].isascii() and name[0].isupper() and not missing.isdisjoint(
                node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)
            )  # fmt: skip
        case _:
            return False
    return words and statement.lineno == statement.end_lineno


@lru_cache(maxsize=1024)
def _given_by(prompt: str, grammar: Grammar) -> frozenset[str]:
    tree = grammar(prompt).tree
    return _bound_by(tree.body) if tree else frozenset()


def _bound_by(statements: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names that the statements bind in their own scope."""
    names, todo = set[str](), [*statements]
    while todo:
        node = todo.pop()
        names.update(_names(node))
        if not isinstance(node, _SCOPES):
            todo.extend(ast.iter_child_nodes(node))
    return frozenset(names)


def _names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.partition(".")[0]
