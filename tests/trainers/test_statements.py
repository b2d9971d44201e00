"""Statements: text, formulas, samples, languages, images."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.compile.data_card import Rule
from trainers.compile.statements import SampleCase, Statement, read_statement

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "codenet_mini"
PROSE = "Read a number and print its double, on a line of its own."
JAPANESE = "<p>整数を一つ読み込み、その二倍を一行に出力するプログラムを作成してください。ただし整数は百以下です。</p>"


def text(html):
    """Return the text of a page that is made long enough to be a statement."""
    return read_statement(f"{html}<p>{PROSE}</p>", "any").text.removesuffix(PROSE).strip()


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<sub>1</sub> a<sub>i+1</sub> 2<sup>31</sup>-1</p>", "a_1 a_{i+1} 2^31-1"),
        ("<p>a<sub>b<sub>1</sub></sub></p>", "a_{b_1}"),
        ("<p>the 1<sup>st</sup></p>", "the 1st"),
        ("<p>$x_1 \\leq 2$ and \\(y\\)</p>", "$x_1 \\leq 2$ and \\(y\\)"),
        ("<p>1 &le; <var>N</var> &lt; 5</p>", "1 ≤ N < 5"),
        ("<p>for i<N and j>0</p>", "for i<N and j>0"),
        ("<h3>Input</h3><pre>\nN\n  M\n</pre>", "Input\nN\n  M"),
        ("<ul><li>one</li><li>two</ul>", "- one\n- two"),
        ("one<br>two<br/><br/>three", "one\ntwo\nthree"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ("<script>alert(1)</script><style>p {}</style><!-- no -->yes", "yes"),
        ('<p>so <img src="x" alt="x^2"> it is</p>', "so x^2 it is"),
    ],
)
def test_text_and_formulas(html, expected):
    """What a reader of the page sees, in plain text."""
    assert text(html) == expected


def test_samples_are_paired():
    """Each input with its output, in English and Japanese headings; other preformatted text is none."""
    html = (
        "<h3>Input</h3><pre>N</pre><h3>Sample Input 1</h3><pre>1\n</pre><h3>Sample Output 1</h3><pre>2</pre>"
        "<h3>入力例 2</h3><pre>\n 3 \n</pre><p>note</p><h3>出力例 2</h3><pre></pre><h3>Sample Input 3</h3><pre>4</pre>"
    )

    assert read_statement(html + PROSE, "any").samples == (
        SampleCase(stdin="1\n", stdout="2\n"),
        SampleCase(stdin=" 3\n", stdout="\n"),
    )


def test_languages_are_told_apart():
    """By the letters, where nothing is marked."""
    assert read_statement(PROSE, "en").language == "en"
    assert read_statement(JAPANESE, "ja").language == "ja"
    assert read_statement(JAPANESE, "any").language == "ja"
    assert read_statement(JAPANESE, "en") == read_statement(PROSE, "ja") == Rule.OTHER_TONGUE


def test_the_marked_part_is_taken():
    """A page in both languages gives the one wanted, and English if either will do."""
    html = f'<span class="lang-ja">{JAPANESE}<span>中</span></span><span class="lang-en">{PROSE}</span>'

    assert read_statement(html, "en") == read_statement(html, "any")
    assert read_statement(html, "any").text == PROSE
    assert read_statement(html, "ja").language == "ja"
    assert read_statement(f'<span class="lang-en">{PROSE}</span>', "ja") == Rule.OTHER_TONGUE


@pytest.mark.parametrize(
    "html",
    ["", "<h1>Union-find with random input</h1>", '<a href="a.pdf">The problem description is available here.</a>'],
)
def test_statements_that_say_nothing_are_empty(html):
    """Titles and links are no statement."""
    assert read_statement(html, "any") == Rule.EMPTY_STATEMENT


@pytest.mark.parametrize(
    "html",
    [
        '<img src="whole.png">',
        f'{PROSE}<p>Find <img src="formula.png"> for all inputs.</p>',
        f'{PROSE}<p>Find the following:</p><p><img src="formula.png"></p>',
    ],
)
def test_statements_that_live_in_images(html):
    """The whole text, a part of a sentence, or what a colon announces can't be read."""
    assert read_statement(html, "any") == Rule.STATEMENT_IN_IMAGES


@pytest.mark.parametrize(
    "html",
    [
        f'{PROSE}<center><img src="figure.png"></center>',
        f'{PROSE}<p>as in the following figure:</p><img src="figure.png">',
        f'{PROSE}<center><img src="figure.png"><br>Figure 1</center>',
        f'{PROSE}<h3>Sample Output</h3><pre>1</pre><p>That is: <img src="figure.png"></p>',
    ],
)
def test_illustrations_are_no_obstacle(html):
    """A figure beside a text that needs none."""
    assert isinstance(read_statement(html, "any"), Statement)


@given(st.text(alphabet="<>/abpreimgsubliu =\"'&;:1\n出例", max_size=200))
def test_no_page_is_too_broken(html):
    """Any page gives a statement or a rule."""
    assert isinstance(read_statement(html, "any"), Statement | Rule)


def test_deep_nesting_is_read():
    """Twenty thousand unclosed tags overflow nothing."""
    assert text("<b><sub>" * 20_000 + "<p>deep") == "deep"


def test_samples_of_real_pages():
    """They are those that another reader, who left out samples with an empty output, found in the same pages."""
    if not DATA.is_dir():
        pytest.skip("needs codenet_mini in ../shared/data")
    rows = [json.loads(line) for line in (DATA / "derived" / "samples.jsonl").read_text().splitlines()]
    compared = differ = 0
    for row in rows:
        page = (DATA / "problem_descriptions" / f"{row['problem_id']}.html").read_text()
        found = read_statement(page, "any")
        if isinstance(found, Statement):
            expected = [(sample["input"].split(), sample["output"].split()) for sample in row["samples"]]
            shown = [(sample.stdin.split(), sample.stdout.split()) for sample in found.samples]
            compared += 1
            differ += [sample for sample in shown if sample[1]] != [sample for sample in expected if sample[1]]

    assert compared > 280
    assert differ == 0
