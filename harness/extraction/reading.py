"""Reads a part of a completion as a program: alone or behind its prompt, whole or up to a stop string."""

import ast
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from harness.extraction import frames
from harness.extraction.select import Fence
from harness.syntax import MOST_CHARACTERS, Parser, defines, does_nothing, leans_on, stray_lines

MOST_TRIES = 8
"""Ends that `prose` and `cut` try, where the first ones lie within a bracket or a long string."""
_LEAVE_OUT_CODE = frozenset({"stop", "prose", "blanks", "cut"})
"""Rules that can't be trusted to leave out nothing but prose."""
_TAGS = ("BEGIN", "DONE", "PYTHON")
LINE = re.compile(r"[^\n]*\n?")
_ONE_BLANK = re.compile(r"[\r\n]* \S")
"""What tokenizers that mark words put before a text: by more, a body may be indented."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ODD_LINE_END = re.compile(r"\r(?!\n)|\f")
"""Where a line ends for Python, or not, other than for us."""
_STATEMENT = re.compile(r"^(?:@[^\n]*\n)*(?!(?:elif|else|except|finally)\b)[^\s#)\]}]", re.MULTILINE)
"""Where a top-level statement may start, with its decorators; a bracket, a long string may hold such lines, too."""


class Extraction(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the program of a completion, the rules that found it, and the texts that they left out, in their order."""

    program: str
    rule: str
    discarded: tuple[str, ...] = ()
    complete: bool = True
    """False if the last statement was left out because the model was stopped in it."""


class Question(NamedTuple):
    """Holds the arguments of `extract`."""

    prompt: str
    entry_point: str
    fence: Fence
    stop: tuple[str, ...]
    in_thought: bool
    parse: Parser


class Part(NamedTuple):
    """Holds a part of the completion, the rules that led to it, and the texts before and after it."""

    text: str
    rules: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def keeps_code(self) -> bool:
        """Return whether its rules left out nothing but prose."""
        return _LEAVE_OUT_CODE.isdisjoint(self.rules)

    def narrowed(self, rule: str, start: int, end: int) -> "Part":
        """Return what a rule leaves of it.

        Args:
            rule: that is noted.
            start: of what is left.
            end: of what is left.
        """
        before, after = (*self.before, self.text[:start]), (self.text[end:], *self.after)
        return Part(self.text[start:end], (*self.rules, rule), before, after)


def program_in(part: Part, task: Question) -> Extraction | None:
    """Return the part as a program, up to the first stop string if it is none with what follows, or None.

    Args:
        part: of the completion.
        task: that it answers.
    """
    ends = [end for end in map(part.text.find, task.stop) if end >= 0]
    parts = (part, part.narrowed("stop", 0, min(ends))) if ends else (part,)
    found = _first(_reading, parts, task)
    if found and not (task.entry_point and "continuation" in found.rule and _ONE_BLANK.match(part.text)):
        return found
    bare = _first(_without_blanks, parts, task)
    return bare if bare and not (found and _is_a_body(bare, task)) else found


def _first(
    read: Callable[[Part, Question], Extraction | None], parts: Iterable[Part], task: Question
) -> Extraction | None:
    return next(filter(None, (read(part, task) for part in parts)), None)


def _without_blanks(part: Part, task: Question) -> Extraction | None:
    """Return the part without the blanks before its first line, or None where that is no program, or a body."""
    if len(part.text) > MOST_CHARACTERS or part.text.lstrip("\r\n")[:1] not in {" ", "\t"}:
        return None
    return _reading(part.narrowed("blanks", len(part.text) - len(part.text.lstrip()), len(part.text)), task)


def _is_a_body(bare: Extraction, task: Question) -> bool:
    """Return whether the name of the entry point is a variable, as it may be in a body, and no function or class."""
    tree = task.parse(bare.program.removeprefix(task.prompt)).tree
    names = {task.entry_point.rpartition(".")[2], "Solution"}
    return not any(isinstance(node, _DEFINITIONS) and node.name in names for node in (tree.body if tree else ()))


def _reading(part: Part, task: Question) -> Extraction | None:
    """Return the part as a program, behind the prompt where it needs that, or None."""
    alone = task.parse(part.text).tree
    if alone is not None and part.rules and does_nothing(alone):
        return None
    needs_prompt = alone is None or leans_on(alone, task.prompt, task.entry_point, task.parse.grammar)
    joined = task.parse(task.prompt + part.text).tree if task.prompt and needs_prompt else None
    tree = joined or alone
    if tree is None or any(map(_is_tag, tree.body)) or not (part.keeps_code or defines(tree, task.entry_point)):
        return None
    if "blanks" in part.rules and not _stands_alone(alone, task, needs_prompt=joined is not None):
        return None
    head = task.prompt if joined else ""
    found = extraction_of(part, head + part.text, (*part.rules, *(["continuation"] if joined else [])))
    trimmed = _without_stray_lines(part, tree, head)
    if trimmed is None:
        return found
    return (_reading(trimmed, task) or found) if trimmed.text else None


def _stands_alone(tree: ast.Module | None, task: Question, *, needs_prompt: bool) -> bool:
    """Return whether a text without its first blanks is a program, and not a body, whose blanks count."""
    if tree is None or any(isinstance(statement, ast.Return) for statement in tree.body):
        return False
    return not needs_prompt or (bool(task.entry_point) and defines(tree, task.entry_point))


def _without_stray_lines(part: Part, tree: ast.Module, head: str) -> Part | None:
    """Return the part without words at its start and end that happen to parse, or None if it has no such words."""
    first, last = stray_lines(tree)
    if not (first or last) or _ODD_LINE_END.search(part.text):
        return None
    ends = [0, *(line.end() for line in LINE.finditer(head + part.text))]
    start = max(0, ends[first] - len(head))
    end = max(start, (ends[last - 1] if last else ends[-1]) - len(head))
    return part.narrowed("prose", start, end)


def extraction_of(part: Part, program: str, rules: Iterable[str]) -> Extraction:
    """Return the record of a part that is a program.

    Args:
        part: with what its rules left out.
        program: that it makes.
        rules: that led to it.
    """
    return Extraction(
        program=program,
        rule="+".join(rules) or "whole",
        discarded=tuple(filter(None, (*part.before, *part.after))),
        complete="cut" not in part.rules,
    )


def _is_tag(statement: ast.stmt) -> bool:
    """Return whether a statement is `[BEGIN]`, `[THINK]` or the like, which happens to be Python."""
    match statement:
        case ast.Expr(value=ast.List(elts=[ast.Name(id=name)])):
            return name in _TAGS or (name.isupper() and frames.is_for_thinking(name))
    return False


def without_last_statement(part: Part, task: Question) -> Extraction | None:
    """Return the part without the statement in which it ends, of which several lines may look like statements.

    Args:
        part: of the completion.
        task: that it answers.
    """
    if len(part.text) > MOST_CHARACTERS:
        return None
    starts = [found.start() for found in _STATEMENT.finditer(part.text)]
    for start in reversed(starts[-MOST_TRIES:]):
        shorter = part.narrowed("cut", 0, start)
        if found := _reading(shorter, task):
            return found if start == starts[-1] or task.parse(part.text[start:]).is_unfinished else None
        if not ends_too_early(shorter, task):
            return None
    return None


def ends_too_early(part: Part, task: Question) -> bool:
    """Return whether a part is not a program only because it ends too early.

    Args:
        part: of the completion.
        task: that it answers.
    """
    return any(task.parse(text).is_unfinished for text in dict.fromkeys((part.text, task.prompt + part.text)))
