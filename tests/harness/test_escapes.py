"""Foreign text in what we write: it is shown as it is, and does nothing."""

import html.parser
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.escapes import code_block, in_csv, in_latex, in_markdown, in_tree
from sandbox.printable import one_line, readable

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<http://a.b>", "&lt;&#60;", "]]>", "<!-- x",
    "a\x1b[2J\x1b]0;t\x07", "\x9b31m", "a\0b", "\u202egnp.exe", "\u2066a\u2069", "a\u200bb", "\ud800", "\udfff\ud800",
    "\ufffe", "a\nb", "a\r\nb", "a\n\n# b", "a\u2028b\x85c\x0cd", "a|b", "a\\|b", "\\", "a\\", "`a`", "``a`b``",
    "```\na\n```", "~~~", "[a](javascript:alert(1))", "![a](javascript:alert(1))", "[a]: javascript:alert(1)",
    "[a][b]", "**a**", "*a", "_a_", "__a__", "a_b_c", "~~a~~", "# a", "a #", "#", "> a", "- a", "-", "+ a", "* a",
    "1. a", "1) a", "12.", "---", "- - -", "===", "***", "    a", "\ta", "$a$", "|---|", "", " ", "<a\nb>", "%3Cb%3E",
    "a\u0301", "1.5B", "-1", "a-b", "=a", "&", "<",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(),
    st.lists(st.sampled_from([*"`*_[]()<>|\\#-+=~$! \n\t1.a", "\x1b"])).map("".join),
)
RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Shown(html.parser.HTMLParser):
    """What a browser makes of a document: its tags, and the text in each kind of them."""

    def __init__(self, document):
        """Parse it."""
        super().__init__()
        self.tags, self.texts, self._open = [], {}, [""]
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note a tag and its attributes."""
        self.tags.append(tag if not attrs else (tag, *attrs))
        self._open.append(tag)

    def handle_endtag(self, tag):
        """Close a tag."""
        while self._open.pop() != tag:
            pass

    def handle_data(self, data):
        """Note a text."""
        self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data


def words(text):
    """Return what a line shows of a text."""
    return " ".join(readable(text).split())


@given(TEXTS)
def test_what_is_readable_can_be_printed(text):
    """Lines and tabs stay, all else that can't be printed is an escape; what can be is as it was."""
    shown = readable(text)

    assert all(sign.isprintable() or sign in "\n\t" for sign in shown)
    assert readable(shown) == shown
    assert not text.isprintable() or shown == text
    assert one_line(text).count("\n") == 0
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("\x9b\r\0", "\\x9b\\r\\x00"),
        ("\u202e\u2066", "\\u202e\\u2066"),
        ("\ud800\U000e0001", "\\ud800\\U000e0001"),
        ("\t\u00e9\u65e5\n", "\t\u00e9\u65e5\n"),
        ("\x00" * 5000 + "\u00e9", "\\x00" * 5000 + "\u00e9"),
    ],
)
def test_escapes_are_those_of_python(text, shown):
    """Of controls, bidi marks, half surrogates and tags; letters of any language stay."""
    assert readable(text) == shown


@given(TEXTS)
def test_a_line_of_markdown_shows_the_text(text):
    """As a heading, a paragraph and bold: one element each, without another tag in it."""
    line = in_markdown(text)

    assert line.isprintable()
    for before, after, tags in (("## ", "", ["h2"]), ("", "", ["p"] * bool(line)), ("**a ", " b**", ["p", "strong"])):
        shown = Shown(RENDERER.render(f"{before}{line}{after}"))
        assert shown.tags == tags
        assert words("".join(shown.texts.values())) == words(
            f"{before.strip('#* ')} {line and text} {after.strip('* ')}"
        )


@given(TEXTS, TEXTS)
def test_a_row_of_a_table_stays_a_row(left, right):
    """With as many cells as its head, each showing its text."""
    rows = f"| a | b |\n|---|---|\n| {in_markdown(left)} | {in_markdown(right)} |\n"

    shown = Shown(RENDERER.render(rows))

    assert [tag for tag in shown.tags if tag in {"tr", "td"}] == ["tr", "tr", "td", "td"]
    assert set(shown.tags) <= {"table", "thead", "tbody", "tr", "th", "td"}
    assert words(shown.texts.get("td", "")) == words(f"{words(left)}{words(right)}")


@given(TEXTS)
def test_a_block_of_code_shows_every_line(text):
    """And ends with them, whatever fences, indents and blank lines stand in it."""
    shown = Shown(RENDERER.render(f"a\n\n{code_block(text)}\n\nb"))

    lines = [line.expandtabs(4) for line in readable(text).split("\n")]
    assert shown.tags in (["p", "pre", "code", "p"], ["p", "p"])  # nothing is left of blank lines alone
    assert shown.texts.get("code", "").expandtabs(4).strip("\n ") == "\n".join(lines).strip("\n ")


@given(TEXTS)
def test_a_tree_holds_the_text(text):
    """In XML and HTML, as text and as an attribute; no part of it is markup."""
    element = ET.Element("p", {"title": in_tree(text)})
    element.text = in_tree(text)

    back = ET.fromstring(ET.tostring(element, encoding="utf-8"))  # noqa: S314 - our own
    page = Shown(ET.tostring(element, encoding="unicode", method="html"))

    assert (back.text or "", back.get("title")) == (in_tree(text), in_tree(text))
    assert page.tags == [("p", ("title", in_tree(text)))]
    assert page.texts.get("p", "") == in_tree(text)


LATEX = {
    r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textasciigrave{}": "`",
    r"\textless{}": "<", r"\textgreater{}": ">", r"\textbar{}": "|", r"\symbol{34}": '"', r"$\downarrow$": "▼",
    r"$\pm$": "±", "{[}": "[", "{]}": "]", "{*}": "*", "-{}": "-", "'{}": "'",
    **{f"\\{sign}": sign for sign in "%_&#${}"},
}  # fmt: skip
ESCAPE = re.compile("|".join(map(re.escape, LATEX)))


@given(TEXTS | st.text("\\{}$&#^_~%[]*-'`\"<>|▼± a"))
def test_a_line_of_latex_sets_the_text(text):
    """Each special sign is an escape that sets that sign; nothing else has a meaning."""
    line = in_latex(text)

    assert ESCAPE.sub(lambda escape: LATEX[escape[0]], line) == words(text)
    assert not set(ESCAPE.sub("", line)) & set('\\{}$&#^_~%[]*`"<>|▼±\n')
    assert "--" not in line
    assert "''" not in line


@given(TEXTS | st.text("=+-@\t\r\n a"))
def test_a_cell_of_csv_is_no_formula(text):
    """Whatever white space stands before it."""
    cell = in_csv(text)

    assert not cell.startswith(tuple("=+-@\t\r"))
    assert cell.removeprefix("'") == words(text).removeprefix("'")


@pytest.mark.parametrize("escape", [in_markdown, in_tree, in_latex, in_csv])
def test_what_is_too_long_for_a_line_is_cut(escape):
    """And its length told."""
    assert escape("a" * 5000) == "a" * 4000 + "... (5000 characters)"
