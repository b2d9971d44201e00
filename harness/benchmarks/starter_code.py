"""Reads starter code: the function that it requests, and the call that it leaves to the judge."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from harness.runs.records import Problem
from harness.syntax import Grammar, parse_text
from sandbox.records import StdioTest

_BODY = "\n" + 40 * " " + "pass"
"""Deep enough to be the missing body of the last definition."""


class Signature(NamedTuple):
    """Describes a function, or a method without its `self`."""

    name: str
    in_class: bool
    parameters: tuple[str, ...]
    """Names of those that take one positional argument each."""
    required: int
    """How many of them have no default."""
    takes_more: bool
    """Whether there is an *args."""
    returns: ast.expr | None
    """Annotation of what it returns."""

    def takes(self, arguments: int) -> bool:
        """Return whether it can be called with so many positional arguments.

        Args:
            arguments: their number.
        """
        return self.required <= arguments and (self.takes_more or arguments <= len(self.parameters))


def signature_of(starter_code: str, name: str = "", grammar: Grammar | None = None) -> Signature | None:
    r"""Return the function that starter code begins, or the one called `name`; None where there is none.

    Starter code mostly lacks the last body. Of several functions the last is meant, of a class the first method.

    Args:
        starter_code: as the problem gives it; it need not be complete.
        name: of the wanted function; "" for the likeliest.
        grammar: that parses as the interpreter does which runs the program; None for this one.

    Returns:
        The function or method.

    >>> signature_of("class Solution:\n    def add(self, a: int, b: int = 1) -> int:\n        ").parameters
    ('a', 'b')
    >>> signature_of("def solve():\n\t").takes(0), signature_of("# just text")
    (True, None)
    """
    parse, begun = grammar or parse_text, starter_code.rstrip()
    module = parse(begun).tree or parse(begun + _BODY).tree
    found = list(_functions(module)) if module else []
    return next((signature for signature in found if name in {"", signature.name}), None)


def complete_program(program: str, problem: Problem, grammar: Grammar | None = None) -> str:
    """Return a program with the call that the problem's starter code leaves to the judge.

    Args:
        program: source text; one that doesn't parse is returned as it is.
        problem: that it answers; only where that is on standard input, something is left.
        grammar: that parses as the interpreter does which runs the program; None for this one.

    Returns:
        The program to run.
    """
    if isinstance(problem.tests[0], StdioTest):
        return with_entry_call(program, problem.starter_code, grammar)
    return program


def with_entry_call(program: str, starter_code: str, grammar: Grammar | None = None) -> str:
    r"""Return a program for a problem on standard input with the call that its starter code leaves to the judge.

    Where that is a function without parameters, a program may define it without calling it. The call is appended if the
    program defines that function at its top level, without parameters that must be given, and nothing that runs at the
    top level uses it, directly or through other functions.

    Args:
        program: source text; one that doesn't parse is returned as it is.
        starter_code: of its problem.
        grammar: that parses both; None for this Python's.

    Returns:
        The call comes last.

    >>> with_entry_call("def solve():\n    print(1)", "def solve():")
    'def solve():\n    print(1)\n\nsolve()\n'
    >>> with_entry_call("def solve():\n    print(1)\nsolve()", "def solve():")
    'def solve():\n    print(1)\nsolve()'
    >>> with_entry_call("def solve(n):\n    print(n)", "def solve():")
    'def solve(n):\n    print(n)'
    """
    wanted = signature_of(starter_code, grammar=grammar)
    if wanted is None or wanted.in_class or wanted.parameters or wanted.takes_more:
        return program
    module = (grammar or parse_text)(program).tree
    if module is None:
        return program
    defined = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    function = defined.get(wanted.name)
    if function is None or wanted.name in _used(module):
        return program
    if _signature(function, in_class=False).required or None in function.args.kw_defaults:
        return program
    return f"{program}\n\n{wanted.name}()\n"


def _functions(module: ast.Module) -> Iterator[Signature]:
    """Yield the functions of starter code, the likeliest to be meant first."""
    for node in reversed(module.body):
        if isinstance(node, ast.FunctionDef):
            yield _signature(node, in_class=False)
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            yield from (_signature(method, in_class=True) for method in methods if not method.name.startswith("__"))


def _signature(function: ast.FunctionDef, *, in_class: bool) -> Signature:
    every = [parameter.arg for parameter in (*function.args.posonlyargs, *function.args.args)]
    parameters = tuple(every[1:] if in_class else every)
    return Signature(
        name=function.name,
        in_class=in_class,
        parameters=parameters,
        required=len(parameters) - min(len(parameters), len(function.args.defaults)),
        takes_more=function.args.vararg is not None,
        returns=function.returns,
    )


def _used(module: ast.Module) -> set[str]:
    """Return the names that are read when the module runs, also inside the functions and classes that are used so."""
    bodies: dict[str, list[ast.stmt]] = {}
    used, waiting = set[str](), []
    for statement in module.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bodies.setdefault(statement.name, []).append(statement)
        else:
            waiting.append(statement)
    while waiting:
        read = {node.id for node in ast.walk(waiting.pop()) if isinstance(node, ast.Name)} - used
        used |= read
        waiting.extend(body for name in read for body in bodies.get(name, []))
    return used
