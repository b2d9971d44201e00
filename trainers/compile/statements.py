"""Reads statements from HTML: samples and formulas are kept, English and Japanese separated.

The pages are hand-written and often broken (unclosed tags, a bare `i<N`), so they are read as a stream of events
with the standard library's lenient parser; no depth of nesting can overflow anything.
"""

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Literal

import msgspec

from trainers.compile.data_card import Rule

Language = Literal["en", "ja", "any"]

MIN_PROSE_LETTERS = 30
"""A statement with fewer letters outside headings, samples and links says nothing: it is a title or a link."""

JAPANESE_SHARE = 0.1
"""A statement is Japanese if more than this share of the letters of its prose are kana or kanji. English statements
quote a name or two; the Japanese ones of CodeNet begin at 0.2."""

_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6 legend summary caption".split())
_BLOCKS = _HEADINGS | frozenset(
    "p div section ul ol dl dd dt table tbody thead tr hr blockquote center address figure figcaption details dir "
    "body html title object br".split()
)
_INLINE = frozenset(
    "var i b em strong span font a u s tt code samp sub sup small big td th col img ruby rb rt rp q del ins link meta "
    "nobr kbd cite label base input wbr strike head noscript iframe embed param source picture svg colgroup tfoot left "
    "right spna apan sapn pan sbu".split()
)
"""The last few are typing errors of CodeNet's authors."""
_SKIPPED = frozenset({"script", "style"})
_KNOWN = _BLOCKS | _INLINE | _SKIPPED | {"li", "pre"}
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SAMPLE = re.compile(r"sample|example|サンプル|例", re.IGNORECASE)
_BOTH = re.compile(r"入出力|input and output|input\s*/\s*output|入力・出力", re.IGNORECASE)
_OUTPUT = re.compile(r"output|出力", re.IGNORECASE)
_INPUT = re.compile(r"input|入力", re.IGNORECASE)
_ENDS_OPEN = re.compile(r"[:\uff1a]\s*$")
_ILLUSTRATES = re.compile(r"figure|picture|illustrat|shown?\b|example|図|例", re.IGNORECASE)
_ORDINALS = frozenset({"st", "nd", "rd", "th"})

Kind = Literal["heading", "text", "item", "pre"]


class SampleCase(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a sample of the statement: the input, and the output that is expected."""

    stdin: str
    stdout: str


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the text and the samples of a page; `language` is "en" or "ja"."""

    text: str
    language: str
    samples: tuple[SampleCase, ...]


class _Block(msgspec.Struct, frozen=True, kw_only=True):
    kind: Kind
    text: str
    image_inside: bool = False
    """An image without a description takes the place of a word or a formula."""


def read_statement(html: str, language: Language) -> Statement | Rule:
    """Return the statement of a page in the language wanted, or the rule that drops it.

    Of a page in both languages the wanted part is taken, the English one for "any".

    Args:
        html: The page.
        language: en, ja or any.

    Returns:
        The statement, or the rule that drops the page.
    """
    page = _Page(_unwanted(html, language))
    page.feed(html)
    page.close()
    page.end_block()
    letters = sum(map(str.isalpha, page.prose))
    if letters < MIN_PROSE_LETTERS:
        if page.left_out:
            return Rule.OTHER_TONGUE
        return Rule.STATEMENT_IN_IMAGES if page.images else Rule.EMPTY_STATEMENT
    if any(block.image_inside for block in page.blocks):
        return Rule.STATEMENT_IN_IMAGES
    found = "ja" if len(_JAPANESE.findall(page.prose)) > JAPANESE_SHARE * letters else "en"
    if language not in {"any", found}:
        return Rule.OTHER_TONGUE
    return Statement(text=_text(page.blocks), language=found, samples=tuple(_samples(page.blocks)))


def _unwanted(html: str, language: Language) -> str:
    """Return the class of the spans to leave out; a page may have only one language, or none marked."""
    if language == "ja":
        return "lang-en"
    return "lang-ja" if language == "en" or "lang-en" in html else ""


class _Page(HTMLParser):
    """Collects the blocks of a page."""

    def __init__(self, unwanted: str) -> None:
        super().__init__()
        self.blocks: list[_Block] = []
        self.prose = ""
        self.images = 0
        self.left_out = False
        self._unwanted = unwanted
        self._unwanted_spans = 0
        self._skipping = 0
        self._kind: Kind = "text"
        self._line: list[str] = []
        self._scripts: list[tuple[str, int]] = []
        self._links = 0
        self._image_inside = False
        self._bare_image = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "span" and (self._unwanted_spans or self._unwanted in (given.get("class") or "").split()):
            self._unwanted_spans += 1
            self.left_out = True
        if tag in _SKIPPED:
            self._skipping += 1
        if self._silent():
            return
        if tag == "img":
            self._image((given.get("alt") or "").strip())
        elif tag in {"sub", "sup"}:
            self._scripts.append((tag, len(self._line)))
        elif tag == "a":
            self._links += 1
        elif tag in _KNOWN:
            self._lay_out(tag)
        elif not any(given.values()):  # "i<N": no tag, but less-than
            self.handle_data(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "span" and self._unwanted_spans:
            self._unwanted_spans -= 1
        elif tag in _SKIPPED and self._skipping:
            self._skipping -= 1
        elif self._silent():
            return
        elif tag in {"sub", "sup"} and self._scripts:
            self._end_script()
        elif tag == "a" and self._links:
            self._links -= 1
        elif tag == "pre" or (tag in _BLOCKS | {"li"} and self._kind != "pre" and tag != "br"):
            self._start_block("text")

    def handle_data(self, data: str) -> None:
        if self._silent() or not data:
            return
        if self._bare_image and self._kind == "text" and data.strip():
            self._image_inside = True  # text goes on after the image
        self._line.append(data)
        if self._kind in {"text", "item"} and not self._links:
            self.prose += data

    def end_block(self) -> None:
        """Close the block that is open."""
        while self._scripts:
            self._end_script()
        raw = "".join(self._line)
        text = raw.strip("\r\n").rstrip() if self._kind == "pre" else _folded(raw)
        if text or self._image_inside or self._kind == "pre":
            self.blocks.append(_Block(kind=self._kind, text=text, image_inside=self._image_inside))
        self._line = []
        self._image_inside = self._bare_image = False

    def _lay_out(self, tag: str) -> None:
        """Begin what a tag of layout begins: a cell, a line or a block."""
        if tag in {"td", "th"}:
            self.handle_data("  ")
        elif tag == "br":
            self._line.append("\n" if self._kind == "pre" else "\v")
            self._bare_image = False
        elif tag not in _INLINE and self._kind != "pre":
            kinds: dict[str, Kind] = {"pre": "pre", "li": "item"}
            self._start_block(kinds.get(tag, "heading" if tag in _HEADINGS else "text"))

    def _silent(self) -> bool:
        return bool(self._unwanted_spans or self._skipping)

    def _start_block(self, kind: Kind) -> None:
        self.end_block()
        self._kind = kind

    def _image(self, description: str) -> None:
        """Take an image's description as text; without one, note whether the text needs the image.

        It does within a line of text, or right after a colon that announces no mere figure. Elsewhere
        it illustrates, and so it does from the first sample on.
        """
        self.images += 1
        if description:
            self._line.append(description)
            return
        before = "".join(self._line).rpartition("\v")[2]
        opened = self.blocks[-1].text if self.blocks and not before.strip() else before
        if any(block.kind == "heading" and _SAMPLE.search(block.text) for block in self.blocks):
            return
        announced = _ENDS_OPEN.search(opened) and not _ILLUSTRATES.search(opened.split("\n")[-1][-200:])
        self._bare_image = True
        self._image_inside |= bool(announced or (before.strip() and self._kind == "text"))

    def _end_script(self) -> None:
        r"""Write `a<sub>1</sub>` as a_1 and `2<sup>n-1</sup>` as 2^{n-1}; an ordinal's ending stays as it is."""
        tag, start = self._scripts.pop()
        text = "".join(self._line[start:]).strip()
        del self._line[start:]
        if text:
            mark = "" if text in _ORDINALS else "_" if tag == "sub" else "^"
            self._line.append(f"{mark}{text}" if not mark or re.fullmatch(r"[^\W_]+", text) else f"{mark}{{{text}}}")


def _folded(raw: str) -> str:
    lines = (" ".join(line.split()) for line in raw.split("\v"))
    return "\n".join(line for line in lines if line)


def _text(blocks: Sequence[_Block]) -> str:
    """Join the blocks: an empty line between paragraphs, none after a heading and between the items of a list."""
    parts: list[str] = []
    previous: Kind | None = None
    for block in blocks:
        if previous is not None:
            parts.append("\n" if previous == "heading" or previous == block.kind == "item" else "\n\n")
        parts.append(f"- {block.text}" if block.kind == "item" else block.text)
        previous = block.kind
    return "".join(parts)


def _samples(blocks: Sequence[_Block]) -> Iterator[SampleCase]:
    """Pair the first preformatted block below each sample input's heading with that below the output's."""
    stdin: str | None = None
    wanted = ""
    for block in blocks:
        if block.kind == "heading":
            wanted = _part(block.text)
        elif block.kind == "pre" and wanted == "input":
            stdin, wanted = f"{block.text}\n", ""
        elif block.kind == "pre" and wanted == "output" and stdin is not None:
            yield SampleCase(stdin=stdin, stdout=f"{block.text}\n")
            stdin, wanted = None, ""


def _part(heading: str) -> str:
    """Return whether a heading announces a sample's "input" or "output", or neither ("").

    >>> [_part(text) for text in ("Sample Input 1", "Output for the Sample Input", "入力例 2", "Input", "入出力例")]
    ['input', 'output', 'input', '', '']
    """
    if not _SAMPLE.search(heading) or _BOTH.search(heading):
        return ""
    return "output" if _OUTPUT.search(heading) else "input" if _INPUT.search(heading) else ""
