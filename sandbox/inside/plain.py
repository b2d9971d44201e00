"""Recognizes plain tests, those of a single call with literals, and plans to judge them in one go.

A plain test needs no conversation. The candidate gets a *script* with the calls of all of them, and streams its replies
without waiting for the next request. A reply whose bytes are those of a right answer is right without being read; any
other is read, and judged by the test's own code, as it would be in a conversation. As only the reply counts, one that
passed is right for the programs to come.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import ast
import json
import marshal
from collections.abc import Iterator
from typing import Any, NamedTuple

from sandbox.inside import checkers, values
from sandbox.inside.server import GOES_ON

_MARSHAL_VERSION = 2
"""The last that shares no equal objects: each argument is an object of its own, as in a conversation."""
_AS_THEY_ARE = frozenset({bool, int, float, complex, str, bytes, type(None)})
_MOST_DEPTH = 50
"""Deeper arguments travel as trees, whose depth is looked at."""
NO_SCRIPT = b""
_MOST_KNOWN, _MOST_KNOWN_BYTES = 16, 4096
_HARMLESS = frozenset(
    "abs all any bool dict float frozenset int len list max min repr reversed round set sorted str sum tuple".split()
)
"""Functions of Python that a plain test may apply to the result."""
_MODULE = "math"
"""The module whose functions it may apply as well, and import in its set-up."""
_UNCONDITIONAL = (
    ast.Call, ast.Compare, ast.UnaryOp, ast.BinOp, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Name,
    ast.Attribute, ast.keyword, ast.expr_context, ast.unaryop, ast.operator, ast.cmpop,
)  # fmt: skip
"""What is evaluated once in any case, so that each test makes its call."""


_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp)
_PARTS_OF_LITERALS = (*_LITERALS, ast.BinOp, ast.expr_context, ast.unaryop, ast.operator)


class PlainTest(NamedTuple):
    """Holds the call of a plain test, and the replies that are right."""

    function: str
    arguments: list[Any]
    right: set[bytes]


class Plan(NamedTuple):
    """Holds a script for candidates, and the replies to it that need no reading."""

    script: bytes
    loaded: bytes
    """The reply of a program that defines every function called, and no other name that the tests know."""
    right: tuple[set[bytes], ...]
    """For each test, as far as they are known."""

    def learn(self, test: int, reply: bytes) -> None:
        """Note that a reply is right.

        Args:
            test: the number of the test.
            reply: to the script, which is to go on after it.
        """
        if len(reply) <= _MOST_KNOWN_BYTES and len(self.right[test]) < _MOST_KNOWN:
            self.right[test].add(reply)


def plan_of(tests: list[dict[str, Any]], names: tuple[str, ...], *, forgives: bool) -> Plan | None:
    """Plan to judge programs by tests that are all plain.

    Args:
        tests: as the judge writes them, see `sandbox.examiner_client`.
        names: those that an examiner would request of the program, in order.
        forgives: whether it would forgive a top level that wants more standard input.

    Returns:
        The plan; None where a test is not plain.
    """
    try:
        plain = [_call(test) if test["kind"] != "assert" else _assertion(test) for test in tests]
        called = dict.fromkeys(test.function for test in plain)
        found = [name for name in names if name in called]
        numbers = {name: number for number, name in enumerate(found)}
        loaded = _reply({"dict": [[name, {"handle": number}] for name, number in numbers.items()]})
        calls = [(numbers[test.function], *_sent(test.arguments)) for test in plain]
        script = marshal.dumps(((names, forgives, tuple(found), loaded), calls), _MARSHAL_VERSION)
    except (ValueError, TypeError, ArithmeticError, LookupError, SyntaxError, RecursionError):
        return None
    return Plan(script, _frame(loaded), tuple(test.right for test in plain))


def _reply(tree: Any) -> str:
    """Return a candidate's reply to a request that went well, see `sandbox.inside.server`."""
    return json.dumps(["ok", tree, {}])


def _frame(reply: str) -> bytes:
    return (GOES_ON + reply).encode("ascii")


def _assertion(test: dict[str, Any]) -> PlainTest:
    """Return an assertion that calls the program once; raise ValueError for any other test."""
    body = ast.parse(test["code"]).body
    if not _only_imports(test["setup"]):
        raise ValueError("a set-up")
    match body:
        case [
            ast.Assert(
                test=ast.Compare(
                    left=ast.Call(func=ast.Name(id=name), args=given, keywords=[]), ops=[ast.Eq()], comparators=[right]
                ),
                msg=None | ast.Constant(),
            )
        ] if name in test["names"] and isinstance(right, _LITERALS):  # as most are
            reply = _reply(values.to_tree(_literal(right)))  # a literal equals itself
            return PlainTest(name, list(map(_literal, given)), {_frame(reply)})
        case [ast.Assert(test=expression, msg=None | ast.Constant())]:
            call = _only_call(expression, test["names"])
            return PlainTest(call.func.id, list(map(_literal, call.args)), set())
    raise ValueError("not plain")


def _only_imports(setup: str) -> bool:
    """Whether the set-up of a test does no more than importing a module without effects."""
    if not setup.strip():
        return True
    return all(
        (isinstance(statement, ast.Import) and [(n.name, n.asname) for n in statement.names] == [(_MODULE, None)])
        for statement in ast.parse(setup).body
    )


def _only_call(expression: ast.expr, names: list[str]) -> Any:
    """Return the one call of the program; ValueError where there are several, or anything that could do more."""
    calls = [node for node in _parts(expression) if isinstance(node, ast.Call)]
    ours = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in names]
    if len(ours) != 1 or ours[0].keywords or not all(call in ours or _is_harmless(call, names) for call in calls):
        raise ValueError("not one call")
    callees = {id(part) for call in calls for part in ast.walk(call.func)}
    if any(isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in callees for node in _parts(expression)):
        raise ValueError("a name")
    return ours[0]


def _parts(expression: ast.expr) -> Iterator[ast.AST]:
    """Yield the nodes of an expression; ValueError for one of which a part may not be evaluated, or several times."""
    for node in ast.walk(expression):
        if not isinstance(node, _UNCONDITIONAL) or (isinstance(node, ast.Compare) and len(node.ops) > 1):
            raise ValueError("not unconditional")
        yield node


def _is_harmless(call: ast.Call, names: list[str]) -> bool:
    match call.func:
        case ast.Name(id=name):
            return name in _HARMLESS and name not in names
        case ast.Attribute(value=ast.Name(id=module)):
            return module == _MODULE and module not in names
    return False


def _literal(node: ast.expr) -> Any:
    """Return the value of a literal; ValueError for anything else, `set()` included."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=parts):
            return list(map(_literal, parts))
        case ast.Tuple(elts=parts):
            return tuple(map(_literal, parts))
    if not all(isinstance(part, _PARTS_OF_LITERALS) for part in ast.walk(node)):
        raise ValueError("not a literal")
    return eval(compile(ast.Expression(node), "<literal>", "eval"))  # noqa: S307 - a set in the order that it has in the test


def _call(test: dict[str, Any]) -> PlainTest:
    """Return a call or value test."""
    if test.get("left_in") is not None:
        raise ValueError("a reply to a script says nothing of the arguments")
    arguments = list(values.from_tree(test["arguments"]))
    if test["kind"] == "value":
        return PlainTest(test["function"], arguments, set())
    expected, checker = values.from_tree(test["expected"]), checkers.call_checker(test["checker"])
    answers = expected if test["checker"] == "any_of" else [expected]
    replies = [_reply(values.to_tree(answer)) for answer in answers]
    right = {_frame(reply) for reply in replies if checker(expected, values.from_tree(json.loads(reply)[1]))}
    return PlainTest(test["function"], arguments, right)


def _sent(arguments: list[Any]) -> tuple[bool, list[Any]]:
    """Return whether arguments travel as trees, and what travels: sets, whose order may show, and all but plain types.

    Raises:
        ValueError: An argument can't be passed to a program.
    """
    if _are_as_they_are(arguments, _MOST_DEPTH):
        return False, arguments
    return True, [values.to_tree(argument) for argument in arguments]


def _are_as_they_are(found: Any, most_depth: int) -> bool:
    """Whether some values, and their parts, are of types that marshal keeps as they are."""
    for value in found:
        kind = type(value)
        if kind in _AS_THEY_ARE:
            continue
        if kind not in (list, tuple, dict) or not most_depth or not _are_as_they_are(value, most_depth - 1):
            return False
        if kind is dict and not _are_as_they_are(value.values(), most_depth - 1):
            return False
    return True
