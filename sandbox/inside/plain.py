"""Recognizes plain tests, a call with literals whose result alone counts, and plans how to judge them in one go.

A plain test needs no conversation. The candidate gets a *script* with the calls of all of them, and streams its replies
without waiting for the next request. A reply whose bytes are those of a right answer is right without being read; any
other is read, and judged by the test's own code, as it would be in a conversation.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import ast
import json
import marshal
from typing import Any, NamedTuple

from sandbox.inside import checkers, values
from sandbox.inside.server import GOES_ON

_MARSHAL_VERSION = 2
"""The last that shares no equal objects: each argument is an object of its own, as in a conversation."""
_AS_IT_IS = (bool, int, float, complex, str, bytes, type(None))
NO_SCRIPT = b""


class PlainTest(NamedTuple):
    """Holds the call of a plain test, and the replies that are right."""

    function: str
    arguments: tuple[Any, ...]
    right: frozenset[bytes]


class Plan(NamedTuple):
    """Holds a script for candidates, and the replies to it that need no reading."""

    script: bytes
    loaded: bytes
    """The reply of a program that defines every function called, and no other name that the tests know."""
    right: tuple[frozenset[bytes], ...]
    """For each test."""


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
    """Return the test `assert f(literals) == literal`; raise ValueError where it is another."""
    body = ast.parse(test["code"]).body
    match body:
        case [ast.Assert(test=ast.Compare(left=call, ops=[ast.Eq()], comparators=[right]), msg=None | ast.Constant())]:
            name, arguments = _called(call)
            if name in test["names"] and not test["setup"].strip():
                expected = _literal(right)
                replies = _right_replies([expected], expected, checkers.equal)
                return PlainTest(name, tuple(map(_literal, arguments)), replies)
    raise ValueError("not plain")


def _called(node: ast.expr) -> tuple[str, list[ast.expr]]:
    """Return the name and the arguments of a call by position."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return name, arguments
    raise ValueError("not a call of a name")


def _literal(node: ast.expr) -> Any:
    """Return the value of a literal; ValueError where a name has a part in it, `set()` included."""
    if any(isinstance(part, (ast.Call, ast.Name)) for part in ast.walk(node)):
        raise ValueError("not a literal")
    return ast.literal_eval(node)


def _call(test: dict[str, Any]) -> PlainTest:
    """Return a call or value test."""
    arguments = tuple(values.from_tree(test["arguments"]))
    if test["kind"] == "value":
        return PlainTest(test["function"], arguments, frozenset())
    expected, checker = values.from_tree(test["expected"]), checkers.CALL[test["checker"]]
    answers = expected if test["checker"] == "any_of" else [expected]
    return PlainTest(test["function"], arguments, _right_replies(answers, expected, checker))


def _right_replies(answers: Any, expected: Any, checker: Any) -> frozenset[bytes]:
    """Return the replies with one of some answers, as far as they come back as what the checker takes."""
    found = []
    for answer in answers:
        reply = _reply(values.to_tree(answer))
        if checker(expected, values.from_tree(json.loads(reply)[1])):
            found.append(_frame(reply))
    return frozenset(found)


def _sent(arguments: tuple[Any, ...]) -> tuple[bool, list[Any]]:
    """Return whether arguments travel as trees, and what travels: sets, whose order may show, and all but plain types.

    Raises:
        ValueError: An argument can't be passed to a program.
    """
    trees = [values.to_tree(argument) for argument in arguments]
    as_they_are = all(map(_is_as_it_is, arguments))
    return not as_they_are, list(arguments) if as_they_are else trees


def _is_as_it_is(value: Any) -> bool:
    kind = type(value)
    if kind in (list, tuple):
        return all(map(_is_as_it_is, value))
    if kind is dict:
        return all(map(_is_as_it_is, value)) and all(map(_is_as_it_is, value.values()))
    return kind in _AS_IT_IS
