"""What is made of a text that a model or a program wrote grows with its length, and no faster, whatever the text.

Times are CPU times, compared with those of the same machine, and the bounds are wide: a square of the length would
break them a hundred times over.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import hostile_text
import pytest
from hostile_text import SHAPES, STAGES
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.extraction.extract import extract
from harness.syntax import MOST_CHARACTERS, MOST_PARSED, NO_PROGRAM, Parser, is_beyond, parse_text

SHORT, LONG, LONGEST = 6_000, 48_000, 1_000_000
"""The second is about as long as what is parsed."""
GROWTH = 3
"""Times as much as in proportion."""
SLACK_S = 1.0
"""CPU time that says nothing: clocks tick, memory is fetched, tables are built."""
SLICES = 6


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, SLICES + 1))
def test_no_shape_takes_more_than_its_length(number):
    """Each stage comes to its end within 10 s of CPU time at 10^6 characters, and grows no faster than they do."""
    command = [sys.executable, hostile_text.__file__, f"{number}/{SLICES}", *map(str, (SHORT, LONG, LONGEST))]
    repository = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=repository, stdout=subprocess.PIPE, check=True, env={"PYTHONPATH": repository})

    found = {
        (shape, stage): [cpu_s for cpu_s, _ in costs]
        for shape, of_shape in json.loads(done.stdout).items()
        for stage, costs in of_shape.items()
    }

    assert len(found) >= len(SHAPES) // SLICES * len(STAGES)
    assert [place for place, cpu_s in found.items() if len(cpu_s) < 3] == []
    assert [
        (place, cpu_s)
        for place, cpu_s in found.items()
        if cpu_s[1] > GROWTH * LONG / SHORT * cpu_s[0] + SLACK_S
        or cpu_s[2] > GROWTH * LONGEST / LONG * cpu_s[1] + SLACK_S
    ] == []


PIECES = (
    "a", "1", " ", "\n", "=", "(", ")", "[", "{", "}", '"', "'", "`", "```", "~~~\n", "\\", "\0", "\ud800", "\r",
    "\u202e", "The cat ", "```python\n", "<think>", "</think>\n", "[BEGIN]\n", "[DONE]\n", "def f(x):\n",
    "    return x\n", "@a\n", "f'{", "x=1\n", "class A:\n", "lambda:", "not ", "if a:\n a\n", "# coding: ", ",", ".",
    ";", "-", "*", "Ab! ", '"""\n',
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    unit=st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join),
    tail=st.sampled_from(PIECES),
    cut_off=st.booleans(),
)
def test_extraction_grows_with_its_length(unit, tail, cut_off):
    """Whatever a model repeats; what comes back is the completion or a part of it, behind the prompt or not."""
    prompt = 'def f(x):\n    """Do."""\n'
    cpu_s = []
    for length in (2_000, 16_000):
        text = unit * (length // len(unit)) + tail
        start_s = time.process_time()
        found = extract(text, prompt=prompt, entry_point="f", stop=("\nclass",), cut_off=cut_off)
        cpu_s.append(time.process_time() - start_s)
        assert found.program.removeprefix(prompt) in text

    assert cpu_s[1] <= GROWTH * 8 * cpu_s[0] + SLACK_S


@pytest.mark.parametrize("mark", ["```python\n{}```\nThat is it.\n", "[BEGIN]\n{}[DONE]\n", "<think>so</think>{}"])
def test_a_program_that_is_too_long_to_parse_is_handed_on(mark):
    """As what tags and fences hold, for the interpreter to say whether it is one; without them, byte for byte."""
    program = "x = 1\n" * MOST_CHARACTERS

    assert extract(mark.format(program)).program == program
    assert (extract(program).program, extract(program).rule) == (program, "none")


def test_prose_around_a_fence_may_have_any_length():
    """What follows 10^6 characters of thoughts and of prose is found."""
    thoughts = "Let me think.\n" * 70_000

    assert extract(f"<think>{thoughts}</think>{thoughts}```python\nx = 1\n```\n{thoughts}").program == "x = 1\n"


@pytest.mark.parametrize(
    "text",
    [
        "#" * (MOST_CHARACTERS + 1),
        "(" * 100 + "a," * 10_000 + ")" * 100,
        "x = f'" + "{a}" * 15_000 + "'",
        "# coding: punycode\na-" + "9" * 10_000,
        "\n#coding=IDNA\n" + "a" * 10_000,
    ],
)
def test_what_is_beyond_the_parser(text):
    """Length, depth, fields of f-strings and encodings, each of which can cost more than its length."""
    assert is_beyond(text)
    assert parse_text(text).tree is None


@pytest.mark.parametrize(
    "text",
    [
        "#" * MOST_CHARACTERS,
        "(" * 190 + ")" * 190,
        "x = [" + "[1, 2, (3, 4)],\n" * 3_000 + "]",
        "x = [" + '{"a": f"{b}"},\n' * 2_000 + "]",
        "# coding: latin-1\n" + "x = 1\n" * 5_000,
    ],
)
def test_what_is_not(text):
    """Tables, deep brackets in a short text, common encodings."""
    assert not is_beyond(text)
    assert parse_text(text).tree is not None


def test_one_completion_has_so_much_parsed_and_no_more():
    """What no longer fits is given up; what was refused is not parsed again."""
    parse, wrong = Parser(), "x y" + "#" * (MOST_PARSED // 8)

    assert [parse(wrong) for _ in range(100)] == [NO_PROGRAM] * 100
    assert [parse(f"x{number} = 1" + "#" * (MOST_PARSED // 8)).tree is None for number in range(7)] == 6 * [False] + [
        True
    ]
    assert parse.gave_up("#" * (MOST_PARSED // 8))
    assert not parse.gave_up(wrong)
