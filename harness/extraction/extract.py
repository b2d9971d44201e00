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
| thinking | what follows the last thoughts, in tags or channels (`harness.extraction.frames`) | the thoughts |
| tags | the text between tags named for an answer, or `[BEGIN]` and `[DONE]`, `[PYTHON]` and `[/PYTHON]` | the rest |
| end | the text between the special tokens that begin and end an answer | they, and what follows |
| fence | the selected Markdown block, or the text before the end of a block that the prompt opened | the other text |
| join | the blocks that bind what the selected one lacks, and then that one | the other text |
| prose | the first stretch between sentences, or between words that happen to parse | they, and what follows |
| blanks | the text without the blanks before its first line | the blanks |
| cut | the text without its last top-level statement, only if the model was stopped in it | that statement |
| thought | the completion: its thoughts never end | nothing |
| none | the completion: no rule found a program | nothing |

`unknown` before a rule says that the completion holds a frame whose name says nothing, which was not interpreted.

A statement that doesn't parse is never dropped to save the rest, unless the model is known to have been stopped there:
a wrong program must not become a right one by losing what its author meant to run. What `stop`, `prose`, `blanks` and
`cut` leave must define the entry point, as they may leave out code. A missing tag or fence means the end of the text. A
tag in a fenced block that is a program is in a string there, and frames nothing.

A text that is beyond what is parsed here (`harness.syntax`) is left to the interpreter that will run it: the
part that tags and fences leave comes back unparsed, or else the completion.

Others differ: evalplus takes the longest run of lines that parses and keeps only what the entry point needs;
bigcode-evaluation-harness always cuts at the stop strings; LiveCodeBench takes the last fenced block, and an empty
program where there is none.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

import msgspec

from harness.extraction import frames
from harness.extraction.reading import (
    LINE,
    MOST_TRIES,
    Extraction,
    Part,
    Question,
    ends_too_early,
    extraction_of,
    program_in,
    without_last_statement,
)
from harness.extraction.select import Fence, joined, select
from harness.extraction.text import Block, blocks, is_sentence, lone_fence, loose_blocks
from harness.syntax import MOST_CHARACTERS, Grammar, Parser, does_nothing

FAILED = "none"
"""The last rule where nothing in the completion is a program."""
IN_THOUGHT = "thought"
"""The last rule where the thoughts never end."""
UNKNOWN = "unknown"
"""The first rule where a frame was not understood."""

_MOST_ENDS = 3
"""Ends of thoughts behind which a program with tags of its own may be."""
_MOST_BLOCKS = 100
"""Fenced blocks that count; those that follow are not looked at."""

_TAG = re.compile(r"\[(BEGIN|DONE|/?PYTHON)\](?:[ \t\r]*(?:\n|\Z))?")
Span = tuple[int, int]


def extract(
    completion: str,
    *,
    prompt: str = "",
    entry_point: str = "",
    fence: Fence = Fence.FIRST,
    stop: Iterable[str] = (),
    cut_off: bool = False,
    in_thought: bool = False,
    grammar: Grammar | None = None,
) -> Extraction:
    r"""Return the program of a completion; any text will do, and nothing is raised.

    Args:
        completion: What the model wrote.
        prompt: What the completion may continue; only a prompt that is Python can become part of a program.
        entry_point: The name that the tests take from the program, at its top level or in its class `Solution`.
        fence: Which fenced block is the program.
        stop: Where a completion ends; used only on a text that is not a program with all that follows.
        cut_off: Whether the model was stopped by max_tokens.
        in_thought: Whether the prompt ended with the tag that begins thoughts.
        grammar: Parses as the interpreter does that will run the program; None for this one.

    Returns:
        The program, the rule that found it (`none` where none did), and the texts left out.

    >>> found = extract("Sure:\n```python\nprint(1)\n```\nIt prints 1.")
    >>> found.program, found.rule, found.discarded
    ('print(1)\n', 'fence', ('Sure:\n```python\n', '```\nIt prints 1.'))
    >>> extract("    return 1", prompt="def f():\n", entry_point="f").program
    'def f():\n    return 1'
    """
    task = Question(prompt, entry_point, fence, tuple(filter(None, stop)), in_thought, Parser(grammar))
    whole = Part(completion)
    if found := program_in(whole, task):
        return found
    parts, none = [whole], (*_unknown(whole, task), FAILED)
    for part in _parts(whole, task):
        if found := program_in(part, task):
            return msgspec.structs.replace(found, rule="+".join((*none[:-1], found.rule)))
        parts.append(part)
    if parts[-1].rules[-1:] == (IN_THOUGHT,):
        return Extraction(program=completion, rule="+".join((*none[:-1], IN_THOUGHT)))
    unparsed = [part for part in parts if part.rules and part.keeps_code and task.parse.gave_up(part.text)]
    if unparsed:
        part = max(unparsed, key=lambda part: len(part.rules))
        return extraction_of(part, part.text, (*none[:-1], *part.rules))
    found = without_last_statement(parts[-1], task) if cut_off and not any(parts[-1].after) else None
    return found or Extraction(program=completion, rule="+".join(none))


def _unknown(part: Part, task: Question) -> tuple[str, ...]:
    clear = _without_programs(part.text, task)
    return (UNKNOWN,) if frames.has_unknown_frame(clear, frames.tags(clear)) else ()


def _parts(part: Part, task: Question) -> Iterator[Part]:
    """Yield ever smaller parts that may be the program; the next is needed where the last is not one."""
    if span := _behind_echo(part.text, task.prompt):
        yield (part := part.narrowed("echo", *span))
    clear = _without_programs(part.text, task)
    found = frames.tags(clear)
    for start in islice(frames.ends_of_thoughts(clear, found), _MOST_ENDS):
        if task.parse(part.text[start:]).tree:  # later tags are in its strings
            yield part.narrowed("thinking", start, len(part.text))
    if place := frames.thoughts(clear, found, opened=task.in_thought):
        if place.unfinished:
            yield part.narrowed(IN_THOUGHT, place.start, place.end)
            return
        yield (part := part.narrowed("thinking", place.start, place.end))
    for rule, find in (("tags", _between_tags), ("tags", _in_answer), ("tags", _in_answer), ("end", _between_tokens)):
        if span := find(part.text, task):
            yield (part := part.narrowed(rule, *span))
    if "```" in part.text or "~~~" in part.text:
        yield from _from_blocks(part, task)
    elif len(part.text) <= MOST_CHARACTERS:
        yield from _between_sentences(part, task)


def _without_programs(text: str, task: Question) -> str:
    """Return a text of the same length in which programs that hold a frame, in a string, are blotted out."""
    if not frames.may_hold_frames(text):
        return text
    for start, end, content in _framed(text, task):
        tree = task.parse(content).tree if frames.may_hold_frames(content) else None
        if tree and not does_nothing(tree):
            text = text[:start] + "\0" * (end - start) + text[end:]
    return text


def _framed(text: str, task: Question) -> Iterator[tuple[int, int, str]]:
    """Yield the places and contents of fenced blocks, and the stretches between tags and between sentences."""
    for block in islice(blocks(text), _MOST_BLOCKS):
        yield block.start, block.end, block.content(text)
    if (end := lone_fence(text)) is not None:
        yield 0, end, text[:end]
    tags = [*islice((tag for tag in _TAG.finditer(text) if not frames.is_indented(text, tag.start())), MOST_TRIES)]
    starts, ends = [0, *(tag.end() for tag in tags)], [*(tag.start() for tag in tags), len(text)]
    if tags:
        yield from ((start, end, text[start:end]) for start, end in zip(starts, ends, strict=True))
    if not tags:
        yield from ((start, end, text[start:end]) for start, end in _stretches(text, task))


def _behind_echo(text: str, prompt: str) -> Span | None:
    start = len(text) - len(text.lstrip())
    echoes = (echo for echo in (prompt.lstrip(), prompt.strip()) if echo and text.startswith(echo, start))
    return next(((start + len(echo), len(text)) for echo in echoes), None)


def _between_tags(text: str, task: Question) -> Span | None:
    """Return the text between the first closing tag and the last opening one before it."""
    text = _without_programs(text, task)
    start, end, found = 0, len(text), False
    for tag in _TAG.finditer(text):
        if frames.is_indented(text, tag.start()) or frames.is_quoted(text, tag.start(), tag.end()):
            continue
        found = True
        if tag[1] in {"DONE", "/PYTHON"}:
            end = tag.start()
            break
        start = tag.end()
    return (start, end) if found else None


def _in_answer(text: str, task: Question) -> Span | None:
    """Return the last text between tags named for an answer that holds a program or a block, or else several lines."""
    clear = _without_programs(text, task)
    spans = [*islice(frames.answer_spans(clear, frames.tags(clear)), MOST_TRIES)]
    texts = {span: text[slice(*span)].strip() for span in spans}
    for span, inner in texts.items():
        tree = None if "```" in inner else task.parse(inner).tree
        if "```" in inner or (tree and not does_nothing(tree)):
            return span
    return next((span for span, inner in texts.items() if "\n" in inner), None)


def _between_tokens(text: str, task: Question) -> Span | None:
    """Return the text from behind the tokens that begin an answer to the first one that follows."""
    clear = _without_programs(text, task)
    start = frames.behind_lead(clear)
    end = next((place for place, _ in frames.special_tokens(clear) if place >= start), len(text))
    return (start, end) if start or end < len(text) else None


def _from_blocks(part: Part, task: Question) -> Iterator[Part]:
    """Yield the text before the end of a block that the prompt opened, then the block that was selected.

    Where no block can be the program, it may stand before the first one.
    """
    if (end := lone_fence(part.text)) is not None:
        yield part.narrowed("fence", 0, end)
    may_be = False
    found = dict.fromkeys(tuple(islice(kind(part.text), _MOST_BLOCKS)) for kind in (loose_blocks, blocks))
    for of_kind in found:
        contents, are_programs = _candidates(of_kind, part.text, task)
        may_be |= are_programs
        if contents:
            yield _selected(part, contents, task)
        if of_kind and not may_be:
            end = part.text.rfind("\n", 0, max(0, of_kind[0].start - 1)) + 1
            yield from _between_sentences(part.narrowed("fence", 0, end), task)
    if not (may_be or any(found)):
        yield from _between_sentences(part if end is None else part.narrowed("fence", 0, end), task)


def _candidates(found: Iterable[Block], text: str, task: Question) -> tuple[dict[Block, str], bool]:
    """Return the blocks that may be the program, and whether one is labelled as such or parses."""
    contents = {block: block.content(text) for block in found if block.is_python}
    if contents:
        return contents, True
    unnamed = {block: block.content(text) for block in found if not block.language}
    programs = {block: text for block, text in unnamed.items() if program_in(Part(text, ("fence",)), task)}
    return programs or unnamed, bool(programs)


def _selected(part: Part, contents: dict[Block, str], task: Question) -> Part:
    block = select(contents, task.fence, task.entry_point, task.parse)
    needed = joined(contents, block, task.parse)
    if len(needed) == 1:
        return part.narrowed("fence", block.start, block.end)._replace(text=contents[block])
    whole = part.narrowed("fence", min(b.start for b in needed), max(b.end for b in needed))
    text = "\n".join(text.rstrip("\r\n") for text in needed.values()) + "\n"
    return whole._replace(text=text, rules=(*whole.rules, "join"))


def _between_sentences(part: Part, task: Question) -> Iterator[Part]:
    """Yield the text between the sentences at the start and the next one, or a later one if that was in a string."""
    for start, end in _stretches(part.text, task):
        if (start, end) == (0, len(part.text)) and "fence" not in part.rules:
            return
        yield (shorter := part.narrowed("prose", start, end))
        if not ends_too_early(shorter, task):
            return


def _stretches(text: str, task: Question) -> Iterator[Span]:
    """Yield the places from the first line that is no sentence to each of the sentences that follow, and to the end."""
    if len(text) > MOST_CHARACTERS:
        return
    speaks = partial(is_sentence, grammar=task.parse.grammar)
    lines = tuple(LINE.finditer(text))
    start = next((line.start() for line in lines if line[0].strip() and not speaks(line[0])), len(text))
    start = start if text[:start].strip() else 0
    ends = islice((line.start() for line in lines if line.start() > start and speaks(line[0])), MOST_TRIES)
    yield from ((start, end) for end in (*ends, len(text)))
