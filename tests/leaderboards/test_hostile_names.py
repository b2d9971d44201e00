"""Names of policies, tasks and difficulties, and lines of detail, in every document: nothing in them is markup."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from harness.cli.main import run
from harness.scoring.report import report_markdown
from leaderboards.compare import compare, comparison_markdown
from leaderboards.gate import judge, junit, summary
from leaderboards.page.data import write_sets
from leaderboards.page.document import document
from leaderboards.page.summary import changes_from_base, summary_facts
from leaderboards.plots.figures import figures
from leaderboards.plots.svg import svg_file
from leaderboards.render import tables_markdown
from leaderboards.table import TableEntry, tabulate

NAMES = (
    "a\x1b[2Jb", "a\0b", "\u202eb\u2066", "a\nb", "a\n\n# b", "a\r\nb", "a|b", "`a`", "<b>a</b>", "[a](javascript:b)",
    "]]>", "</title><script>a</script>", "a\x9bb\x85c\u2028d", "# a", "1. a",
)  # fmt: skip
HARMLESS = "a b"


def documents(make_result, name):
    """Return every document that holds the name of a policy, a task or a difficulty."""
    a = make_result({name: (2, 2, name), "2": (2, 0, "easy")}, policy=name)
    b = make_result({name: (2, 1, name), "3": (2, 0, "easy")}, policy=f"{name}2")
    gated = judge(a, b)
    tables = tabulate([TableEntry(method=name, model=name, result=a, run=Path(), link="run")])
    plotted = figures({name: a}, {})
    return {
        "report": report_markdown([a]),
        "summary": summary(gated),
        "junit": junit(gated).decode(),
        "compare": comparison_markdown(compare(a, b), (Path("a"), Path("b")), 10),
        "table": tables_markdown(tables),
        "page": page_html(tables, {name: a, f"{name}2": b}, plotted),
        "plots": "".join(svg_file(figure).decode() for figure in plotted),
    }


def page_html(tables, results, plotted):
    """Return the HTML of a page of results."""
    entries = {name: TableEntry(method=name, model=name, result=it, run=Path("none")) for name, it in results.items()}
    with TemporaryDirectory() as folder:
        changes = changes_from_base(write_sets(Path(folder), entries, ""), entries)
    return document(summary_facts(entries), tables, changes, plotted, explorer=True).decode()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_breaks_no_document(make_result, name):
    """Each has the lines that it has with a harmless name, and no sign that can't be printed."""
    usual, hostile = documents(make_result, HARMLESS), documents(make_result, name)

    assert {kind: text.count("\n") for kind, text in hostile.items()} == {
        kind: text.count("\n") for kind, text in usual.items()
    }
    assert [kind for kind, text in hostile.items() if not text.replace("\n", "").isprintable()] == []
    assert "<script>a" not in hostile["page"] + hostile["plots"] + hostile["junit"]
    kinds = ("report", "summary", "compare", "table")
    assert [links(hostile[kind]) for kind in kinds] == [links(usual[kind]) for kind in kinds]


def links(text):
    """Count the links of a markdown document, but for its lines of code."""
    return sum(len(re.findall(r"(?<!\\)\]\(", line)) for line in text.splitlines() if not line.startswith("    "))


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_with_a_name_in_it_is_one_printable_line(capsys, name):
    """On stderr, for any name; the shell hands over no zero bytes."""
    assert run(["explain", f"no such run {name}".replace("\0", ""), name]) == 2

    assert capsys.readouterr().err.removesuffix("\n").isprintable()
