"""Turns the inputs and outputs of an APPS problem into tests: on standard input, or calls of a function.

The rules are those of original APPS (github.com/hendrycks/apps, eval/testing_util.py), decided once for a problem by
what its data say, where that code tries one reading after another:

- Texts go to standard input; a list of lines does where there is no function to call.
- Anything else is a list of arguments. JSON has no keys but texts, so those of an argument that are all whole numbers
  are made so.
- Answers may be wrapped in a list of one element. They are where all of a problem's answers are such lists, unless the
  function is annotated to return a list; where neither starter code nor annotation tells, both readings are right.

Beyond those rules, `harness.benchmarks.answers` reads what statement and starter code grant.
"""

import ast
import re
from collections.abc import Iterable, Sequence
from typing import Any

from harness.benchmarks.answers import argument_with_answer, output_checker, value_checker, with_decimals
from harness.benchmarks.starter_code import Signature
from sandbox.records import CallTest, StdioTest, Test

_WHOLE = re.compile(r"-?\d+")
_LISTS = {"List", "list", "Sequence", "Iterable", "Tuple", "tuple"}
_WRAPPERS = {"Optional", "Final", "Annotated"}


def tests_of(inputs: Any, outputs: Any, function: str, signature: Signature | None, text: str) -> tuple[Test, ...]:
    """Return a problem's tests.

    Args:
        inputs: one text, or a list with a text, a list of lines or a list of arguments for each test.
        outputs: what belongs to them.
        function: name of the function that calls are made of; empty where the data name none.
        signature: what starter code says of it.
        text: statement and starter code, which may grant a tolerance or any letter case, or say that an answer is left
            in an argument.

    Returns:
        A test for each input: all on standard input, or all calls.

    Raises:
        ValueError: They don't fit each other, or are of another kind; one line.
    """
    given, expected = _listed(inputs), _listed(outputs)
    if len(given) != len(expected):
        raise ValueError(f"has {len(given)} inputs, but {len(expected)} outputs")
    if _is_stdio(given, function, signature):
        return stdio_tests(given, expected, text)
    calls = [_arguments(arguments, signature) for arguments in given]
    left_in = argument_with_answer(text, signature, expected)
    if left_in is None or any(left_in >= len(arguments) for arguments in calls):
        return _call_tests(calls, *_unwrapped(expected, signature, text), function)
    if _depth_of(expected) > _depth_of(arguments[left_in] for arguments in calls) and _are_wraps(expected):
        expected = [value[0] for value in expected]
    return _call_tests(calls, expected, "json_close", function, left_in)


def _listed(values: Any) -> list[Any]:
    if isinstance(values, str):
        return [values]
    if not isinstance(values, list):
        raise ValueError(f"inputs and outputs are lists or one text, not {type(values).__name__}")  # noqa: TRY004
    return values


def _is_stdio(inputs: list[Any], function: str, signature: Signature | None) -> bool:
    if not function:
        return True
    if all(isinstance(value, str) for value in inputs):
        return signature is None or signature.required == 0
    takes_nothing = signature is not None and signature.takes(0) and not signature.takes(1)
    return takes_nothing and all(isinstance(value, list) and value for value in inputs)


def stdio_tests(inputs: Sequence[Any], outputs: Sequence[Any], text: str) -> tuple[StdioTest, ...]:
    """Return a problem's tests on standard input.

    Args:
        inputs: a text, a list of lines or a number for each test.
        outputs: what belongs to them, of the same number.
        text: the statement, which may grant a tolerance or any letter case.

    Returns:
        A test for each input; all have one checker, which statement and outputs decide.

    Raises:
        ValueError: One is of another kind; one line.
    """
    texts = [(_text(given), _text(expected)) for given, expected in zip(inputs, outputs, strict=True)]
    checker = output_checker(text, [expected for _, expected in texts])
    return tuple(StdioTest(stdin=given, expected_stdout=expected, checker=checker) for given, expected in texts)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(map(_text, value))
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"standard input and output are text, not {type(value).__name__}")


def _call_tests(
    calls: Sequence[tuple[Any, ...]], outputs: Sequence[Any], checker: str, function: str, left_in: int | None = None
) -> tuple[CallTest, ...]:
    return tuple(
        CallTest(function=function, arguments=arguments, expected=expected, checker=checker, left_in=left_in)
        for arguments, expected in zip(calls, outputs, strict=True)
    )


def _unwrapped(outputs: Sequence[Any], signature: Signature | None, text: str) -> tuple[Sequence[Any], str]:
    """Return the answers without what wraps them, and the name of their checker."""
    checker = "json_close"
    if _are_wraps(outputs):
        is_wrapped = _is_wrapped(outputs, signature)
        checker = "json_wrapped" if is_wrapped is None else checker
        outputs = [value[0] for value in outputs] if is_wrapped else outputs
    return with_decimals(outputs, text), value_checker(checker, text, outputs)


def _are_wraps(outputs: Sequence[Any]) -> bool:
    return bool(outputs) and all(isinstance(value, list) and len(value) == 1 for value in outputs)


def _is_wrapped(outputs: Sequence[Any], signature: Signature | None) -> bool | None:
    """Tell whether answers that are all lists of one element are wrapped; None where nothing says so."""
    if signature is None:
        return None
    if signature.returns is None:
        return None if signature.in_class else True
    return _list_depth(signature.returns) < _depth_of(outputs)


def _list_depth(annotation: ast.expr) -> int:
    """Return how many lists an annotation nests: 2 for `List[List[int]]`, 0 where it is not a list."""
    if isinstance(annotation, ast.Subscript):
        name = ast.unparse(annotation.value).rpartition(".")[2]
        inner = annotation.slice.elts[0] if isinstance(annotation.slice, ast.Tuple) else annotation.slice
        return _list_depth(inner) + (name in _LISTS) if name in _LISTS | _WRAPPERS else 0
    return int(ast.unparse(annotation).rpartition(".")[2] in _LISTS)


def _depth_of(values: Iterable[Any]) -> int:
    return max(map(_depth, values), default=0)


def _depth(value: Any) -> int:
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _arguments(value: Any, signature: Signature | None) -> tuple[Any, ...]:
    """Return the arguments of a call: a list of them, one that is not a list, or a dictionary of them by parameter."""
    if isinstance(value, dict) and signature is not None and signature.parameters == tuple(value):
        return tuple(map(_with_whole_keys, value.values()))
    if not isinstance(value, list):
        return (_with_whole_keys(value),)
    if signature is not None and not signature.takes(len(value)) and signature.takes(1):
        return (value,)
    return tuple(map(_with_whole_keys, value))


def _with_whole_keys(argument: Any) -> Any:
    if isinstance(argument, dict) and argument and all(map(_WHOLE.fullmatch, argument)):
        return {int(key): value for key, value in argument.items()}
    return argument
