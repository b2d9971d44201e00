"""Finds the frames of a model's answer: thoughts in tags or channels, tags around the answer, and special tokens.

A tag is a name in brackets of any kind, such as `<think>`, `[THINK]` or `<|begin_of_thought|>`. Its meaning is read
from its name, in any letter case, so that of a new model is mostly understood. A tag between quotes on its line is
spoken of, and frames nothing.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

_MOST_TAGS = 10_000
"""Tags that are read; a text with more is not an answer."""
_NEAR = 200
"""Characters around a tag that tell whether it is between quotes."""

_TAG = re.compile(
    r"(?P<opening>[<\[({\u25c1\u3010\u27e8\u00ab\uff1c]\|?|<\uff5c)(?P<slash>[ ]?/[ ]?)?"
    r"(?P<name>[A-Za-z][\w:.\u2581-]{0,40}(?:[ ][A-Za-z]\w{0,20})?)"
    r"(?:[ ]{1,4}[\w-]{1,30}=[^<>\n]{0,80})?[ ]?(?P<closing>\|?[>\])}\u25b7\u3011\u27e9\u00bb\uff1e]|\uff5c>)"
)
_PAIRS = dict(zip("<[({\u25c1\u3010\u27e8\u00ab\uff1c", ">])}\u25b7\u3011\u27e9\u00bb\uff1e", strict=True))
_DOUBTFUL = "[({"
"""Brackets that programs and prose use themselves: an opening tag in them counts only with its closing one."""
_BEGIN = re.compile(r"^(?:begin|start)(?:[_ ]of)?[_ ]|[_ -](?:start|begin|prefix)$")
_END = re.compile(r"^end(?:[_ ]of)?[_ ]|[_ -](?:end|suffix)$")
_THINKING = re.compile(
    r"think|thought|reason|reflect|analy[sz]|scratch|monolog|rationale|(?:^|[_:. -])cot(?:$|[_:. -])|chain.of|"
    r"deliberat|brainstorm|contempl|ponder|introspect|cogitat|meditat|musing|planning|^(?:plan|draft|inner|internal|muse|critique|deduction)$"
)
_ANSWER = re.compile(
    r"^(?:final[_ ]?)?"
    r"(?:answer|solution|output|response|result|reply|code|program|python|implementation|final)$"
)
_MARK = re.compile(
    r"<[|\uff5c/]?[ ]?[A-Za-z][\w:. =\"\u2581-]{0,60}[|\uff5c]?>|<\uff5c|"
    r"\[/|\[[A-Z]{4,}\]|[({]/|[\u25c1\u3010\u27e8\u00ab\uff1c]|assistantfinal"
)
_MARKUP = frozenset(
    "a b i p s u br hr em tt li ul ol td th tr h1 h2 h3 h4 h5 h6 del dd dl dt div img ins kbd pre sub sup var abbr "
    "body code html head link main math mark meta nav samp small span strong style table "
    "tbody thead title details summary article "
    "section blockquote input output label form button script svg path header footer".split()
)
"""Names of HTML, which frame nothing."""
_TOKENS = re.compile(
    r"<\|[\w.:/\u2581 -]{1,60}\|>|<\uff5c[^\n\uff5c<>]{1,60}\uff5c>|</?s>|"
    r"<(?:eos|bos|pad|unk|eot|eod|EOT|EOS|turn\||\|turn)>|"
    r"<(?:start|end)_of_(?:turn|text|utterance|sentence)>|\[/?(?:INST|EOS)\]|"
    r"<(?:file_sep|file_separator|filename|reponame|gh_stars|empty_output|fim_\w{1,20}|"
    r"jupyter_\w{1,20}|commit_\w{1,20}|issue_\w{1,20})>"
)
"""Special tokens of tokenizers; none is part of a program but in a string."""
_KNOWN_TOKEN = re.compile(
    r"end|eo[tsmd]\b|im_|bos|return|call|user|assistant|system|start|header|begin|pad|unk|fim|file|repo|text|message|sep|"
    r"channel|constrain|turn|observation|tool|inst|chatbot|^\W*s\W*$|jupyter|commit|issue|gh_stars|empty_output|vision|python",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"\s*(?:(?:<\|(?:im_start|start|turn)\|?>|<start_of_turn>|<\|start_header_id\|>)\s*(?:assistant|model)?"
    r"(?:\s*<\|end_header_id\|>|\s*<\|im_sep\|>)?|<\|(?:assistant|begin_of_text|begin_of_sentence|startoftext)\|>|<s>|<bos>|"
    r"<\uff5c(?:Assistant|begin\u2581of\u2581sentence)\uff5c>|<\|(?:START_OF_TURN_TOKEN|CHATBOT_TOKEN)\|>)\s*\n?"
)
_CHANNEL = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>\s{0,5}(?P<name>\w{1,30})"
    r"(?:[^<\n]{0,80}(?:<\|constrain\|>[^<\n]{0,80})?<\|message\|>)?"
)
_LEAKED_START = re.compile(r"\s*(?:assistant)?(?:analysis|commentary)(?=[A-Z\"'`<(]|\s*\n)")
_LEAKED_FINAL = re.compile(
    r"assistant\s{0,2}(?:commentary\s{0,2})?final(?=[^a-z_=.,:;!?')\]]|def |class |import |from |print)"
)
_SPOKEN_START = re.compile(r"\s*Here(?: is|'s) my (?:thought|thinking|reasoning) process[:.]?", re.IGNORECASE)
_SPOKEN_END = re.compile(
    r"^[ \t*#]*Here(?: is|'s) my (?:response|answer|solution)[:.]?[ \t*]*\n?", re.IGNORECASE | re.MULTILINE
)
_BLANKS = re.compile(r"[ \t]*(?=```|~~~)|[ \t\r\n]*\n")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)|```|'''|\"\"\"")


class Tag(NamedTuple):
    """Locates a tag, and tells its kind."""

    start: int
    end: int
    name: str
    """In small letters, without what makes it a beginning or an end."""
    opens: bool
    bracket: str


class Thoughts(NamedTuple):
    """Locates the text behind the thoughts of a completion."""

    start: int
    end: int
    unfinished: bool = False
    """Whether the thoughts never end, so that nothing is behind them."""


def tags(text: str) -> list[Tag]:
    """Return the tags of a text but those between quotes.

    Args:
        text: of any length and content.

    Returns:
        In their order, `_MOST_TAGS` at most.
    """
    found = map(_tag, islice(_TAG.finditer(text), _MOST_TAGS))
    return [tag for tag in found if tag and not is_quoted(text, tag.start, tag.end)]


def _tag(match: re.Match[str]) -> Tag | None:
    opening, closing = match["opening"], match["closing"]
    if _PAIRS[opening[0]] != closing[-1]:
        return None
    name = match["name"].lower().replace("\u2581", "_")
    if name == "channel" and "|" in opening + closing:  # <|channel>thought ... <channel|>
        if len(opening) + len(closing) != 3:  # with a bar on both sides it is not a tag
            return None
        return Tag(match.start(), match.end(), "thought", len(opening) > len(closing), "<")
    ends = bool(match["slash"]) or _END.search(name) is not None
    bare = _BEGIN.sub("", _END.sub("", name))
    return Tag(match.start(), match.end(), bare, not ends, opening[0])


def is_quoted(text: str, start: int, end: int) -> bool:
    """Return whether a part of a text is between quotes or backticks on its line, so is only spoken of.

    Args:
        text: that holds the part.
        start: of the part.
        end: of the part.
    """
    before = _APOSTROPHE.sub("", text[max(0, start - _NEAR) : start].rpartition("\n")[2])
    after = _APOSTROPHE.sub("", text[end : end + _NEAR].partition("\n")[0])
    return any(before.count(quote) % 2 and quote in after for quote in "\"'`")


def thinks(tag: Tag) -> bool:
    """Return whether a tag is named for thinking.

    Args:
        tag: of any name.
    """
    return is_for_thinking(tag.name)


def is_indented(text: str, place: int) -> bool:
    """Return whether there are blanks and nothing else before a place in its line, as in a long string of a program.

    Args:
        text: that has the place.
        place: of a tag.
    """
    before = text[max(0, place - _NEAR) : place].rpartition("\n")[2]
    return before != "" and not before.strip()


def ends_of_thoughts(text: str, found: Sequence[Tag]) -> Iterator[int]:
    """Yield the places behind tags that end thoughts, but the last tag of all.

    Args:
        text: the completion.
        found: its tags that count.
    """
    return (_behind_blanks(text, tag.end) for tag in found[:-1] if thinks(tag) and not tag.opens)


def ends_in_thought(prompt: str) -> bool:
    """Return whether a prompt ends with the tag that begins thoughts.

    Args:
        prompt: as the model got it.
    """
    found = tags(prompt.rstrip()[-_NEAR:])
    return bool(found) and found[-1].end == len(prompt.rstrip()[-_NEAR:]) and found[-1].opens and thinks(found[-1])


def thoughts(text: str, found: Sequence[Tag], *, opened: bool = False) -> Thoughts | None:
    """Return the place of what follows the last thoughts; where nothing does, of what is between them.

    Args:
        text: the completion.
        found: its tags that count.
        opened: whether the prompt has begun the thoughts.

    Returns:
        None where there are no thoughts.
    """
    if not opened and (place := _behind_channels(text) or _behind_words(text)):
        return place
    start, begun = 0, 0 if opened else None
    between = (0, 0)
    closings = {(tag.name, tag.bracket) for tag in found if not tag.opens}
    for tag in found:
        if thinks(tag) and not tag.opens:
            if begun is not None and text[start:begun].strip():
                between = (start, begun)
            start, begun = tag.end, None
        elif thinks(tag) and begun is None and _counts(tag, text, closings):
            begun = tag.start
        elif begun is not None and tag.opens and _ANSWER.match(tag.name) and _frames_answer(tag, text, closings):
            start, begun = tag.start, None
    if begun is not None:
        return Thoughts(len(text), len(text), unfinished=True)
    if not start:
        return None
    if not text[start:].strip() and between[1]:
        return Thoughts(*between)
    return Thoughts(_behind_blanks(text, start), len(text))


def _counts(tag: Tag, text: str, closings: set[tuple[str, str]]) -> bool:
    """Return whether an opening tag begins thoughts: it has its end, or begins a line and can be nothing else."""
    if (tag.name, tag.bracket) in closings:
        return True
    if tag.bracket in _DOUBTFUL:
        return tag.bracket == "[" and not text[: tag.start].strip() and text[tag.start + 1].isupper()
    return _begins_line(text, tag.start)


def _frames_answer(tag: Tag, text: str, closings: set[tuple[str, str]]) -> bool:
    return (tag.name, tag.bracket) in closings or _begins_line(text, tag.start)


def _begins_line(text: str, place: int) -> bool:
    before = text[max(0, place - _NEAR) : place].rpartition("\n")[2].strip()
    return not before or before[-1] in ">]\u25b7"


def _behind_channels(text: str) -> Thoughts | None:
    """Return the last message in the channel `final`, whose tokens may have leaked as words."""
    channels = [match for match in _CHANNEL.finditer(text) if not is_quoted(text, match.start(), match.end())]
    if not channels:
        return _behind_leaked(text)
    finals = [number for number, match in enumerate(channels) if match["name"] == "final"]
    if not finals:
        return _behind_leaked(text) or Thoughts(len(text), len(text), unfinished=True)
    number = finals[-1]
    following = channels[number + 1].start() if number + 1 < len(channels) else len(text)
    return Thoughts(_behind_blanks(text, channels[number].end()), following)


def _behind_leaked(text: str) -> Thoughts | None:
    begun = _LEAKED_START.match(text)
    finals = [match.end() for match in _LEAKED_FINAL.finditer(text) if begun or match[0].startswith("assistantfinal")]
    if finals:
        return Thoughts(_behind_blanks(text, finals[-1]), len(text))
    return Thoughts(len(text), len(text), unfinished=True) if begun and not begun[0][-1].isspace() else None


def _behind_words(text: str) -> Thoughts | None:
    """Return what follows "Here is my response:", where the text begins with "Here is my thought process:"."""
    if not _SPOKEN_START.match(text):
        return None
    ends = [match.end() for match in _SPOKEN_END.finditer(text)]
    return Thoughts(ends[-1], len(text)) if ends else Thoughts(len(text), len(text), unfinished=True)


def _behind_blanks(text: str, place: int) -> int:
    blanks = _BLANKS.match(text, place)
    return blanks.end() if blanks else place


def answer_spans(text: str, found: Sequence[Tag]) -> Iterator[tuple[int, int]]:
    """Yield what is between tags that are named for an answer, the last first, each up to its end or the text's.

    Args:
        text: behind the thoughts.
        found: its tags that count.
    """
    closing = dict[str, int]()
    for tag in reversed(found):
        if tag.bracket in "<[\u25c1\u3010" and _ANSWER.match(tag.name):
            if not tag.opens:
                closing[tag.name] = tag.start
            elif _begins_line(text, tag.start) or tag.name in closing:
                yield _behind_blanks(text, tag.end), closing.pop(tag.name, len(text))


def special_tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of special tokens but those between quotes.

    Args:
        text: of any length and content.
    """
    for match in _TOKENS.finditer(text):
        if not is_quoted(text, match.start(), match.end()):
            yield match.start(), match.end()


def behind_lead(text: str) -> int:
    """Return the place behind the tokens that begin the answer of an assistant.

    Args:
        text: of any length and content.
    """
    place = 0
    while lead := _LEAD.match(text, place):
        place = lead.end()
    return place


def may_hold_frames(text: str) -> bool:
    """Return whether a text may hold a tag or a special token; False is certain.

    Args:
        text: of any length and content.
    """
    return _MARK.search(text) is not None


def is_for_thinking(name: str) -> bool:
    """Return whether a name is one for thinking.

    Args:
        name: in any letter case.
    """
    return _THINKING.search(name.lower()) is not None


def has_unknown_frame(text: str, found: Sequence[Tag]) -> bool:
    """Return whether a text holds a frame whose name says nothing: a pair of tags, or a special token.

    Args:
        text: of any length and content.
        found: its tags that count.
    """
    begun = set[tuple[str, str]]()
    for tag in found:
        if tag.bracket in "({" or tag.name in _MARKUP or thinks(tag) or _ANSWER.match(tag.name):
            continue
        if tag.opens and _begins_line(text, tag.start):
            begun.add((tag.bracket, tag.name))
        elif not tag.opens and (tag.bracket, tag.name) in begun and "inst" not in tag.name:
            return True
    tokens = (text[start:end] for start, end in special_tokens(text))
    return any(not (_KNOWN_TOKEN.search(token) or is_for_thinking(token) or "/" in token) for token in tokens)
