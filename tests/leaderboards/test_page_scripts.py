"""The page's own tokenizer and comparison of lines, for any text."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboards.page import page as page_module
from leaderboards.page.document import SCRIPTS

HOME = Path(page_module.__file__).parent
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node")
RUN = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answer = asked.map((arguments_) => CALL(...arguments_));
process.stdout.write(JSON.stringify(answer));
"""
PIECES = st.sampled_from(
    [
        '"""',
        "'''",
        '"',
        "'",
        "\\",
        "\n",
        "#",
        "@",
        "def ",
        "f(",
        ")",
        "r",
        "b'",
        " ",
        "0x1f",
        "é",
        "name",
        "😀",
        "class A:",
    ]
)
SOURCES = st.lists(PIECES | st.text(max_size=3), max_size=60).map("".join)


def called(script, function, *calls):
    """Return what a function of a script gives for some arguments."""
    program = (HOME / script).read_text() + RUN.replace("CALL", function)
    given_ = json.dumps(calls)
    ended = subprocess.run([NODE, "-e", program], input=given_, capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_never_makes_markup_of_text(script):
    """All that it shows is set as text; nothing is evaluated, and none is longer than a screen or a few."""
    source = (HOME / script).read_text()

    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\bFunction\(|setAttribute\(.on|\.style\b"
    )
    assert re.findall(forbidden, source) == []
    assert source.count("\n") < 350
    assert max(map(len, source.splitlines())) <= 120
    assert '\n"use strict";\n' in source


@pytest.mark.slow
@needs_node
@settings(max_examples=25, deadline=None)
@given(st.lists(SOURCES, min_size=20, max_size=40))
def test_tokens_put_together_are_the_source(sources):
    """Whatever the program is: nothing is lost, doubled or changed."""
    found = called("python.js", "pythonTokens", *[[source] for source in sources])

    assert ["".join(text for _, text in tokens) for tokens in found] == sources


@pytest.mark.slow
@needs_node
def test_tokens_have_the_kinds_of_python():
    """By hand."""
    source = '@cached\ndef f(x):  # why\n    return r\'a\\\'\' + len("""b\n"c""") or 0x1F\n'

    (tokens,) = called("python.js", "pythonTokens", [source])

    assert [token for token in tokens if token[0] not in {"space", "other", ""}] == [
        ["decorator", "@cached"], ["keyword", "def"], ["defined", "f"], ["comment", "# why"], ["keyword", "return"],
        ["text", "r'a\\''"], ["builtin", "len"], ["text", '"""b\n"c"""'], ["keyword", "or"], ["number", "0x1F"],
    ]  # fmt: skip


@pytest.mark.slow
@needs_node
def test_colouring_takes_time_in_proportion_to_the_length():
    """Twenty times the text in less than a hundred times the time, for texts that never end and quotes in heaps."""
    work = "pythonTokens(piece.repeat(times)); const { user, system } = process.cpuUsage(t); return user + system;"
    timed = f"(piece, times) => {{ const t = process.cpuUsage(); {work} }}"
    pieces = ['\\"""\n', '"""\n\\', "'", '"\\', "r'''", "#", "@a.", "1_", "\\'''\n\\\"\"\"", "((", "f'{"]

    for piece in pieces:
        _, short, long = called("python.js", f"({timed})", [piece, 500], [piece, 500], [piece, 10_000])
        assert long < 100 * max(short, 1000), piece


@pytest.mark.slow
@needs_node
@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.lists(st.sampled_from("abc"), max_size=8)] * 2), min_size=20, max_size=40))
def test_lines_are_paired_without_loss(pairs):
    """Both sides read from top to bottom are the two texts, and as many equal lines meet as can."""
    found = called("difference.js", "alignLines", *[list(pair) for pair in pairs])

    for (a, b), rows in zip(pairs, found, strict=True):
        assert [left for left, _ in rows if left is not None] == a
        assert [right for _, right in rows if right is not None] == b
        assert sum(left == right for left, right in rows) >= longest_common(a, b)


def longest_common(a, b):
    """Return the length of the longest common subsequence, by its definition."""
    if not a or not b:
        return 0
    lengths = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            lengths[i + 1][j + 1] = lengths[i][j] + 1 if left == right else max(lengths[i][j + 1], lengths[i + 1][j])
    return lengths[-1][-1]


@pytest.mark.slow
@needs_node
@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), min_size=20, max_size=40))
def test_shared_ends_do_not_overlap(pairs):
    """What two lines share at the beginning and at the end is equal, and no longer than either."""
    found = called("difference.js", "sharedEnds", *[list(pair) for pair in pairs])

    for (a, b), (start, end) in zip(pairs, found, strict=True):
        (left, right) = (text.encode("utf-16-le") for text in (a, b))
        assert start + end <= min(len(left), len(right)) // 2
        assert left[: 2 * start] == right[: 2 * start]
        assert left[len(left) - 2 * end :] == right[len(right) - 2 * end :]
