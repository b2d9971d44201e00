"""Finds the program in a completion, and records the rule that found it and the texts that it left out.

The golden rule: a completion that is a program comes back byte for byte, and one in which no program is found comes
back byte for byte too, for the judge to say what is wrong with it. In between, the rules below narrow the completion
down, in this order, until Python's parser takes what is left; nothing is ever executed. `Extraction.rule` joins the
rules that led to the program with "+", such as `thinking+fence`.

| rule | the program is | left out |
|---|---|---|
| whole | the completion | nothing |
| continuation | the prompt and then the text, which is not a program alone or needs a name of the prompt's | nothing |
| stop | the text before the first stop string | the rest |
| echo | what follows the prompt, repeated at the start | the repetition |
| thinking | what follows the first `</think>` | the thoughts, and everything if they never end |
| tags | the text between the lines `[BEGIN]` and `[DONE]`, or `[PYTHON]` and `[/PYTHON]` | the text outside |
| fence | the selected Markdown block, or the text before the end of a block that the prompt opened | the other text |
| prose | the first stretch between lines that are English sentences | the sentences, and all that follows |
| cut | the text without its last top-level statement, only if the model was stopped in it | that statement |
| none | the completion: no rule found a program | nothing |

A statement that doesn't parse is never dropped to save the rest, unless the model is known to have been stopped there:
a wrong program must not become a right one by losing what its author meant to run. What `stop`, `prose` and `cut` leave
must define the entry point, as they may leave out code. A missing tag or fence means the end of the text.

A text that is beyond what is parsed here (`harness.syntax`) is left to the interpreter that will run it: the
part that tags and fences leave comes back unparsed, or else the completion.

Others differ: evalplus takes the longest run of lines that parses and keeps only what the entry point needs;
bigcode-evaluation-harness always cuts at the stop strings; LiveCodeBench takes the last fenced block, and an empty
program where there is none.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

import msgspec

from harness.extraction.text import Block, blocks, is_sentence, lone_fence
from harness.syntax import MOST_CHARACTERS, Parser, defines, does_nothing, leans_on

_MOST_TRIES = 8
"""Ends that `prose` and `cut` try, where the first ones lie within a bracket or a long string."""
_LEAVE_OUT_CODE = frozenset({"stop", "prose", "cut"})
"""Rules that can't be trusted to leave out nothing but prose."""
_OPENING_TAGS = ("BEGIN", "PYTHON")
_CLOSING_TAGS = ("DONE", "/PYTHON")
_MOST_BLOCKS = 100
"""Fenced blocks that count; those that follow are not looked at."""
_PYTHON = frozenset({"python", "python3", "py", "py3"})

_THOUGHTS = re.compile(r"\s*<think>")
_END_OF_THOUGHTS = re.compile(r"</think>(?:[ \t\r\n]*\n)?")
_LINE_THAT_ENDS_THOUGHTS = re.compile(r"^</think>[ \t\r]*(?:\Z|\n(?:[ \t\r\n]*\n)?)", re.MULTILINE)
_TAG = re.compile(r"^\[(BEGIN|DONE|/?PYTHON)\][ \t\r]*(?:\n|\Z)", re.MULTILINE)
_LINE = re.compile(r"[^\n]*\n?")
_STATEMENT = re.compile(r"^(?:@[^\n]*\n)*(?!(?:elif|else|except|finally)\b)[^\s#)\]}]", re.MULTILINE)
"""Where a top-level statement may start, with its decorators; a bracket, a long string may hold such lines, too."""

Span = tuple[int, int]


class Fence(StrEnum):
    """Chooses the program among several fenced blocks; a block of another language than Python never is it."""

    FIRST = "first"
    LAST = "last"
    LONGEST = "longest"
    ENTRY_POINT = "entry_point"
    """The first that defines the entry point; the first, if none does."""


class Extraction(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the program of a completion, the rules that found it, and the texts that they left out, in their order."""

    program: str
    rule: str
    discarded: tuple[str, ...] = ()
    complete: bool = True
    """False if the last statement was left out because the model was stopped in it."""


class _Task(NamedTuple):
    """Holds the arguments of `extract`."""

    prompt: str
    entry_point: str
    fence: Fence
    stop: tuple[str, ...]
    parse: Parser


class _Part(NamedTuple):
    """Holds a part of the completion, the rules that led to it, and the texts before and after it."""

    text: str
    rules: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def narrowed(self, rule: str, start: int, end: int) -> "_Part":
        before, after = (*self.before, self.text[:start]), (self.text[end:], *self.after)
        return _Part(self.text[start:end], (*self.rules, rule), before, after)


def extract(
    completion: str,
    *,
    prompt: str = "",
    entry_point: str = "",
    fence: Fence = Fence.FIRST,
    stop: Iterable[str] = (),
    cut_off: bool = False,
) -> Extraction:
    r"""Return the program of a completion; any text will do, and nothing is raised.

    Args:
        completion: What the model wrote.
        prompt: What the completion may continue; only a prompt that is Python can become part of a program.
        entry_point: The name that the tests take from the program, at its top level or in its class `Solution`.
        fence: Which fenced block is the program.
        stop: Where a completion ends; used only on a text that is not a program with all that follows.
        cut_off: Whether the model was stopped by max_tokens.

    Returns:
        The program, the rule that found it (`none` where none did), and the texts left out.

    >>> found = extract("Sure:\n```python\nprint(1)\n```\nIt prints 1.")
    >>> found.program, found.rule, found.discarded
    ('print(1)\n', 'fence', ('Sure:\n```python\n', '```\nIt prints 1.'))
    >>> extract("    return 1", prompt="def f():\n", entry_point="f").program
    'def f():\n    return 1'
    """
    task = _Task(prompt, entry_point, fence, tuple(filter(None, stop)), Parser())
    for part in _parts(_Part(completion), task):
        if found := _program(part, task):
            return found
    if part.rules and task.parse.gave_up(part.text) and _LEAVE_OUT_CODE.isdisjoint(part.rules):
        return _extraction(part, part.text, part.rules)
    found = _without_last_statement(part, task) if cut_off and not any(part.after) else None
    return found or Extraction(program=completion, rule="none")


def _parts(part: _Part, task: _Task) -> Iterator[_Part]:
    """Yield ever smaller parts that may be the program; the next is needed where the last is not one."""
    yield part
    if span := _behind_echo(part.text, task.prompt):
        yield (part := part.narrowed("echo", *span))
    if span := _behind_thoughts(part.text):
        yield (part := part.narrowed("thinking", *span))
    if span := _between_tags(part.text):
        yield (part := part.narrowed("tags", *span))
    if any(blocks(part.text)):
        yield from _from_blocks(part, task)
    elif len(part.text) <= MOST_CHARACTERS:
        yield from _between_sentences(part, task)


def _program(part: _Part, task: _Task) -> Extraction | None:
    """Return the part as a program, up to the first stop string if it is none with what follows, or None."""
    ends = [end for end in map(part.text.find, task.stop) if end >= 0]
    return _reading(part, task) or (_reading(part.narrowed("stop", 0, min(ends)), task) if ends else None)


def _reading(part: _Part, task: _Task) -> Extraction | None:
    """Return the part as a program, behind the prompt where it needs that, or None."""
    alone = task.parse(part.text).tree
    if alone is not None and part.rules and does_nothing(alone):
        return None
    needs_prompt = alone is None or leans_on(alone, task.prompt, task.entry_point)
    joined = task.parse(task.prompt + part.text).tree if task.prompt and needs_prompt else None
    tree = joined or alone
    if tree is None or any(map(_is_tag, tree.body)):
        return None
    if not _LEAVE_OUT_CODE.isdisjoint(part.rules) and not defines(tree, task.entry_point):
        return None
    if joined:
        return _extraction(part, task.prompt + part.text, (*part.rules, "continuation"))
    return _extraction(part, part.text, part.rules)


def _extraction(part: _Part, program: str, rules: Iterable[str]) -> Extraction:
    return Extraction(
        program=program,
        rule="+".join(rules) or "whole",
        discarded=tuple(filter(None, (*part.before, *part.after))),
        complete="cut" not in part.rules,
    )


def _is_tag(statement: ast.stmt) -> bool:
    """Return whether a statement is `[BEGIN]` or the like, which happens to be Python."""
    match statement:
        case ast.Expr(value=ast.List(elts=[ast.Name(id=name)])):
            return name in _CLOSING_TAGS or name in _OPENING_TAGS
    return False


def _behind_echo(text: str, prompt: str) -> Span | None:
    start = len(text) - len(text.lstrip())
    echoes = (echo for echo in (prompt.lstrip(), prompt.strip()) if echo and text.startswith(echo, start))
    return next(((start + len(echo), len(text)) for echo in echoes), None)


def _behind_thoughts(text: str) -> Span | None:
    """Return what follows the thoughts, whose start may be in the prompt; nothing, if they never end."""
    if opening := _THOUGHTS.match(text):
        closing = _END_OF_THOUGHTS.search(text, opening.end())
        return closing.end() if closing else len(text), len(text)
    closing = _LINE_THAT_ENDS_THOUGHTS.search(text)
    return (closing.end(), len(text)) if closing else None


def _between_tags(text: str) -> Span | None:
    """Return the text between the first closing tag and the last opening one before it."""
    start, end, found = 0, len(text), False
    for tag in _TAG.finditer(text):
        found = True
        if tag[1] in _CLOSING_TAGS:
            end = tag.start()
            break
        start = tag.end()
    return (start, end) if found else None


def _from_blocks(part: _Part, task: _Task) -> Iterator[_Part]:
    """Yield the text before the end of a block that the prompt opened, then the block that was selected."""
    if (end := lone_fence(part.text)) is not None:
        yield part.narrowed("fence", 0, end)
    found = tuple(islice(blocks(part.text), _MOST_BLOCKS))
    contents = {block: block.content(part.text) for block in found if block.language in _PYTHON}
    if not contents:
        unnamed = {block: block.content(part.text) for block in found if not block.language}
        programs = {block: text for block, text in unnamed.items() if _program(_Part(text, ("fence",)), task)}
        contents = programs or unnamed
    if contents:
        block = _selected(contents, task)
        yield part.narrowed("fence", block.start, block.end)._replace(text=contents[block])


def _selected(contents: Mapping[Block, str], task: _Task) -> Block:
    candidates = tuple(contents)
    match task.fence:
        case Fence.FIRST:
            return candidates[0]
        case Fence.LAST:
            return candidates[-1]
        case Fence.LONGEST:
            return max(contents, key=lambda block: len(contents[block]))
        case Fence.ENTRY_POINT:
            trees = ((block, task.parse(text).tree) for block, text in contents.items())
            return next((block for block, tree in trees if tree and defines(tree, task.entry_point)), candidates[0])


def _between_sentences(part: _Part, task: _Task) -> Iterator[_Part]:
    """Yield the text between the sentences at the start and the next one, or a later one if that was in a string."""
    lines = tuple(_LINE.finditer(part.text))
    start = next((line.start() for line in lines if line[0].strip() and not is_sentence(line[0])), len(part.text))
    ends = [*islice((line.start() for line in lines if line.start() > start and is_sentence(line[0])), _MOST_TRIES)]
    if not ends and not part.text[:start].strip():
        return
    for end in (*ends, len(part.text)):
        yield (shorter := part.narrowed("prose", start, end))
        if not _is_unfinished(shorter, task):
            return


def _without_last_statement(part: _Part, task: _Task) -> Extraction | None:
    """Return the part without the statement in which it ends, of which several lines may look like statements."""
    if len(part.text) > MOST_CHARACTERS:
        return None
    starts = [found.start() for found in _STATEMENT.finditer(part.text)]
    for start in reversed(starts[-_MOST_TRIES:]):
        shorter = part.narrowed("cut", 0, start)
        if found := _reading(shorter, task):
            return found if start == starts[-1] or task.parse(part.text[start:]).is_unfinished else None
        if not _is_unfinished(shorter, task):
            return None
    return None


def _is_unfinished(part: _Part, task: _Task) -> bool:
    return any(task.parse(text).is_unfinished for text in dict.fromkeys((part.text, task.prompt + part.text)))
