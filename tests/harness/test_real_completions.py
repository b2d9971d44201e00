"""Extraction from what models really wrote: nothing that passed changes, and what is wrapped or cut off comes back."""

import ast
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from harness.extraction.extract import extract
from harness.syntax import parse_text

DATA = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")

WHOLE_PROGRAMS = {
    "mbpp_n10": Counter(whole=7979, none=1),
    "mbpp_single": Counter(whole=2540, none=56, blanks=33, fence=2),
    "apps_mapcoder": Counter(whole=1069, none=3),
    "apps_rewritten_o3_o4mini": Counter(whole=459),
    "apps_coderl_gen": Counter(whole=63),
}
"""How many completions each rule decides; the two in fences failed as they stood, for the fence,
and those behind blanks for the blanks."""
EVERY = 40
WRAPPINGS = (
    "```python\n{}```\nThis is how it works:\n```python\nprint(1)\n```",
    "Here is the code:\n\n```\n{}",
    "{}```\nDone.",
    "[BEGIN]\n{}[DONE]\nYou are an expert (",
    "<think>\nWhat (\n```python\npass\n```\n</think>\n```python\n{}```",
)


def rows(name):
    """Yield the rows of a file of completions."""
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def text_of(row):
    """Return what the model wrote."""
    return row.get("completion", row.get("program"))


@pytest.fixture(scope="module")
def programs():
    """Return every fortieth of the completions that are programs, each ending with its line."""
    texts = {text_of(row) for name in WHOLE_PROGRAMS for row in rows(f"completions/{name}")}
    return [f"{text.rstrip()}\n" for text in sorted(texts)[::EVERY] if parse_text(text).tree]


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE_PROGRAMS)
def test_rules_of_whole_programs(name):
    """What parses comes back as it is, and so does every program that passed."""
    found = [(row, extract(text_of(row))) for row in rows(f"completions/{name}")]

    assert Counter(extraction.rule for _, extraction in found) == WHOLE_PROGRAMS[name]
    assert [
        extraction
        for row, extraction in found
        if extraction.program != text_of(row) and (row.get("passed") or row.get("passed_stdin"))
    ] == []


@pytest.mark.slow
def test_rules_of_bodies():
    """Those that follow their prompt are what was judged; the rest parse neither alone nor behind it."""
    heads = {row["task_id"]: row for row in rows("HumanEval")}
    rules = Counter()
    for row in rows("completions/humaneval_codegen16b_n100"):
        head = heads[row["task_id"]]
        found = extract(row["completion"], prompt=head["prompt"], entry_point=head["entry_point"])
        rules[found.rule, row["passed"]] += 1
        assert found.rule == "none" or found.program == head["prompt"] + row["completion"]

    assert rules == {("continuation", True): 2627, ("continuation", False): 8884, ("none", False): 589}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_real_programs_come_back_from_wrappings(programs, wrapping):
    """Each to the letter."""
    assert [text for text in programs if extract(wrapping.replace("{}", text)).program != text] == []


def test_real_programs_that_were_cut_off(programs):
    """What is left are whole statements of the program, from its start; without being told, nothing is dropped."""
    rules = Counter()
    for text in programs:
        cut = text[: len(text) * 2 // 3]
        found = extract(cut, cut_off=True)
        rules[found.rule] += 1
        if found.rule == "cut":
            statements = parse_text(found.program).tree.body
            whole = parse_text(text).tree.body[: len(statements)]
            assert [ast.dump(node) for node in statements] == [ast.dump(node) for node in whole]
            assert found.program + found.discarded[-1] == cut
            assert extract(cut).rule == "none"

    assert set(rules) == {"whole", "cut", "none"}


def test_real_programs_with_a_character_too_few(programs):
    """A program that no longer parses is never mended, also where the model was stopped behind it."""
    for text in programs:
        middle = len(text) // 2
        broken = text[:middle] + text[middle + 1 :]
        if not parse_text(broken).tree:
            assert extract(broken).rule == "none"
