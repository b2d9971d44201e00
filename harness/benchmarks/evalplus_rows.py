"""Reads the rows of EvalPlus' data sets (Liu et al. 2023, arXiv:2305.01210) in both of their forms, and names versions.

The native form (also of the mini set) has `base_input` and `plus_input`, and no answers. The form of the Hugging Face
hub (EvalPlus calls it OriginFmt) has a `test` text: inputs, answers and tolerance are read of it as literals, and
nothing of it is executed.
"""

import ast
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from harness.errors import UserError
from harness.runs.json_objects import spans
from harness.runs.jsonl import unpacked
from harness.runs.python_json import converted, decode, parse_json

Arguments = tuple[Any, ...]

_MOST_TEST_CHARS = 16 << 20
"""A `test` is parsed as a whole, at some hundred bytes a character; the longest of EvalPlus has 0.8 million."""
_CHUNK_BYTES = 1 << 20


class PlusTask(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a task of EvalPlus, of either form."""

    number: int
    statement: str
    entry_point: str
    reference: str
    """The program that knows the answers."""
    calls: tuple[Arguments, ...]
    stated: tuple[Any, ...] | None
    """The answer to each call, where the row has them."""
    atol: float


class _NativeRow(msgspec.Struct, frozen=True, kw_only=True):
    prompt: str
    entry_point: str
    canonical_solution: str
    base_input: list[list[Any]]
    plus_input: list[list[Any]] | dict[str, Any]
    """One record has an empty dictionary for none."""
    atol: float


class _HubRow(msgspec.Struct, frozen=True, kw_only=True):
    prompt: str
    test: str
    entry_point: str = ""
    canonical_solution: str = ""
    """With the two above, of HumanEval+; the two below are of MBPP+."""
    code: str = ""
    test_list: tuple[str, ...] = ()


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """Reads the fields that tell the form of a row; its inputs are not decoded."""

    task_id: str | int = ""
    base_input: msgspec.Raw = msgspec.Raw()
    plus_input: msgspec.Raw = msgspec.Raw()
    test: msgspec.Raw = msgspec.Raw()

    @property
    def form(self) -> str:
        """Return "native" or "hub", or "" where it is not a row of EvalPlus."""
        if bytes(self.base_input) or bytes(self.plus_input):
            return "native"
        test = bytes(self.test)
        return "hub" if b"inputs = [" in test and b"(*inp)" in test else ""


def refuse_evalplus(data: Path, given: str, title: str) -> None:
    """Refuse a file with rows of EvalPlus, which would be judged without their further inputs, or under another name.

    Args:
        data: file of JSON Lines, or with one JSON list of rows.
        given: name of the benchmark that the user named.
        title: of EvalPlus' own, such as "HumanEval+".

    Raises:
        UserError: A row is one.
    """
    with unpacked(data) as file:
        if not file.read(1):
            return  # for the reader of the benchmark to tell
        file.seek(0)
        for where, _, start, length in list(spans(file, data)):
            file.seek(start)
            row = file.read(length)
            if (b'_input"' in row or b"inputs = [" in row) and _is_of_evalplus(row, where):
                raise UserError(f"{where}: this is {title}, not {given}: use --benchmark {given}-plus")


def _is_of_evalplus(row: bytes, where: str) -> bool:
    try:
        return bool(decode(row, _Head, where).form)
    except UserError:
        return False  # malformed: told where it is looked up, and keeps no other row from being read


def task_of(row: bytes, where: str, number: int, arguments_of: Callable[[int, list[Any]], Arguments]) -> PlusTask:
    """Decode a row.

    Args:
        row: JSON, of either form.
        where: place of the row, with which an error begins.
        number: of the task.
        arguments_of: turns an input, as JSON has it, into arguments.

    Returns:
        The task.

    Raises:
        UserError: The row is malformed.
    """
    tree = parse_json(row, where)
    if not ("base_input" in tree or "plus_input" in tree):
        return _of_hub(converted(tree, _HubRow, where), where, number)
    native = converted(tree, _NativeRow, where)
    try:
        calls = tuple(arguments_of(number, given) for given in (*native.base_input, *native.plus_input))
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise UserError(f"{where}: an input doesn't fit task {number} ({error}); correct or remove it") from error
    return PlusTask(
        number=number,
        statement=native.prompt,
        entry_point=native.entry_point,
        reference=native.prompt + native.canonical_solution,
        calls=calls,
        stated=None,
        atol=native.atol,
    )


def _of_hub(row: _HubRow, where: str, number: int) -> PlusTask:
    try:
        test = _parsed(row.test)
        inputs = test.literal("inputs")
        calls = tuple(tuple(given) for given in inputs)
    except (SyntaxError, ValueError, TypeError, LookupError, MemoryError, RecursionError) as error:
        raise UserError(f"{where}: no inputs can be read from its test ({error}); correct or remove it") from error
    # The native form of MBPP+ has the statement and an example as the docstring of the reference.
    prompt = row.prompt if row.entry_point else '"""\n' + "\n".join((row.prompt, *row.test_list[:1])) + '\n"""\n'
    return PlusTask(
        number=number,
        statement=prompt,
        entry_point=row.entry_point or test.function,
        reference=prompt + (row.canonical_solution or row.code),
        calls=calls,
        stated=_stated(test, len(calls)),
        atol=test.atol,
    )


class _Test(NamedTuple):
    """Holds parts of a `test`: the first values of `inputs` and `results`, and its last statement."""

    values: Mapping[str, ast.expr]
    function: str
    atol: float

    def literal(self, name: str) -> Any:
        """Return a value; raise KeyError where there is none, ValueError or TypeError where it is not a literal."""
        return ast.literal_eval(self.values[name])


def _parsed(text: str) -> _Test:
    if len(text) > _MOST_TEST_CHARS:
        raise ValueError(f"it has {len(text)} characters")
    module = ast.parse(text)
    check = next((node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "check"), module)
    values = dict[str, ast.expr]()
    is_infinite = "inf" in text or "nan" in text
    for statement in check.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            values[statement.targets[0].id] = _Floats().visit(statement.value) if is_infinite else statement.value
    comparison = [node for last in check.body[-1:] for node in ast.walk(last)]
    numbers = [node.value for node in comparison if isinstance(node, ast.Constant) and type(node.value) in {int, float}]
    function = next(filter(None, map(_called, comparison)), "")
    if not function or not numbers:
        raise ValueError("its last statement compares no call")
    return _Test(values, function, float(numbers[-1]))  # type: ignore[arg-type]


def _called(node: ast.AST) -> str:
    """Return the name of the function that a call gives an input, empty where it is no such call."""
    if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Starred)):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) and node.func.id != "_poly" else ""


class _Floats(ast.NodeTransformer):
    """Makes constants of the names that repr() gives to infinity and not-a-number."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return the constant that a name means, or the name itself."""
        return ast.Constant(float(node.id)) if node.id in {"inf", "nan"} else node


def _stated(test: _Test, calls: int) -> tuple[Any, ...] | None:
    """Return the answers, or None where the test has the reference compute them, or they are not plain values."""
    try:
        results = test.literal("results")
    except (KeyError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    return tuple(results) if isinstance(results, list) and len(results) == calls else None


class Numbered(NamedTuple):
    """Holds a row as it is in the file, with its place and the number of its task."""

    where: str
    number: int
    row: bytes
    form: str


def numbered_rows(data: Path, prefix: str) -> list[Numbered]:
    """Read the rows of a file.

    Args:
        data: JSON Lines or one JSON list, plain or .gz.
        prefix: of the task ids, such as "Mbpp".

    Returns:
        The rows, in the order of the file; of each only the task's id is checked.

    Raises:
        UserError: The file can't be read, or a row has another id.
    """
    with unpacked(data) as file:
        found = []
        for where, _, start, length in list(spans(file, data)):
            file.seek(start)
            row = file.read(length)
            head = decode(row, _Head, where)
            of, _, number = str(head.task_id).rpartition("/")
            if of not in {"", prefix} or not re.fullmatch(r"[0-9]{1,9}", number):
                task_id = str(head.task_id)[:80]
                raise UserError(f"{where}: task {task_id!r} is not one such as {prefix}/2; check --data")
            found.append(Numbered(where, int(number), row, head.form))
        return found


def version_of(data: Path, rows: Iterable[Numbered], published: Mapping[str, str]) -> str:
    """Return the version of a data set.

    EvalPlus writes the MD5 of the unpacked file as the `hash` of its results. Where the file has another, it is
    computed of the rows as EvalPlus writes them, so that a file that was sorted or written again is known, too.

    Args:
        data: the file.
        rows: all that it holds.
        published: MD5 -> version.

    Returns:
        The version, or "unknown version, sha256 ...", with the first digits of the file's hash, unpacked.
    """
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with unpacked(data) as file:
        while chunk := file.read(_CHUNK_BYTES):
            md5.update(chunk)
            sha256.update(chunk)
    if version := published.get(md5.hexdigest()):
        return version
    md5 = hashlib.md5(usedforsecurity=False)
    for row in sorted(rows, key=lambda row: row.number):
        md5.update(_as_written(row.row))
    return published.get(md5.hexdigest()) or f"unknown version, sha256 {sha256.hexdigest()[:12]}"


def _as_written(row: bytes) -> bytes:
    try:
        return json.dumps(json.loads(row)).encode() + b"\n"
    except (ValueError, RecursionError):  # an integer that is too long; no version has one
        return row
