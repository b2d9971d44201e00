"""Completions that go on where the prompt of a function ends, and those that only look so."""

import pytest

from harness.extraction.extract import extract
from harness.extraction.reading import Extraction

HEAD = 'from typing import List\n\n\ndef total(numbers: List[int]) -> int:\n    """ Add them up.\n    """\n'
"""A prompt of HumanEval's kind."""
BODY = "    return sum(numbers)\n"
OTHER = "def g(x):\n    return f(x)\n"
WHOLE = "def total(numbers):\n    count = 0\n    for number in numbers:\n        count += number\n    return count\n"


@pytest.mark.parametrize("body", [BODY, f"{BODY}\n\n{OTHER}", "", "\n", "    # to do\n", '    """ More. """\n'])
def test_a_body_follows_its_head(body):
    """A completion that doesn't define the function itself continues the prompt."""
    found = extract(body, prompt=HEAD, entry_point="total")

    assert found == Extraction(program=HEAD + body, rule="continuation")


def test_a_body_in_a_fence_follows_its_head():
    """What a chat model answers to a function's head may be its body."""
    found = extract(f"```python\n{BODY}```", prompt=HEAD, entry_point="total")

    assert (found.program, found.rule) == (HEAD + BODY, "fence+continuation")


def test_a_body_ends_at_a_stop_string():
    """What follows can't be parsed, so the first stop string ends the completion."""
    found = extract(f"{BODY}\ndef g(:\n\nclass A", prompt=HEAD, entry_point="total", stop=("\nclass", "\ndef"))

    assert (found.program, found.rule, found.discarded) == (HEAD + BODY, "stop+continuation", ("\ndef g(:\n\nclass A",))


def test_a_stop_string_in_a_program_is_part_of_it():
    """What parses is not cut, or helpers behind the function would be lost."""
    completion = f"{BODY}\ndef helper():\n    pass\n"

    found = extract(completion, prompt=HEAD, entry_point="total", stop=("\ndef",))

    assert found == Extraction(program=HEAD + completion, rule="continuation")


@pytest.mark.parametrize(
    ("completion", "rule"),
    [
        ("def total(numbers: List[int]) -> int:\n    return sum(numbers)\n", "continuation"),
        ("from typing import List\ndef total(numbers: List[int]):\n    return sum(numbers)\n", "whole"),
        ("def total(numbers):\n    return sum(numbers)\n", "whole"),
        ("from __future__ import annotations\ndef total(numbers: List[int]):\n    return sum(numbers)\n", "whole"),
        ("def other():\n    return 1\n", "continuation"),
    ],
)
def test_a_program_stands_behind_the_prompt_only_if_it_needs_it(completion, rule):
    """It needs it for a name that the prompt imports or defines and it doesn't; a future import can't come second."""
    found = extract(completion, prompt=HEAD, entry_point="total")

    assert found.rule == rule
    assert found.program == (HEAD + completion if rule == "continuation" else completion)


@pytest.mark.parametrize("blanks", [" ", "    ", "\t", "\n "])
@pytest.mark.parametrize(
    ("program", "rule"),
    [
        (WHOLE, "blanks"),
        (WHOLE.replace("numbers)", "numbers: List[int])"), "blanks+continuation"),
        (f"{WHOLE}\n\n{OTHER}", "blanks"),
    ],
)
def test_a_function_behind_blanks_is_no_body(blanks, program, rule):
    """A tokenizer that marks words puts a blank before the first line; a body holds no such function."""
    found = extract(blanks + program, prompt=HEAD, entry_point="total")

    assert (found.program, found.rule) == ((HEAD if "continuation" in rule else "") + program, rule)


def test_a_program_of_several_statements_behind_a_blank_is_no_body():
    """The first one is no part of the prompt's function."""
    found = extract(f" import math\n{WHOLE}", prompt=HEAD, entry_point="total")

    assert (found.program, found.rule) == (f"import math\n{WHOLE}", "blanks")


@pytest.mark.parametrize(
    "body",
    [
        "    def total(numbers, start):\n        return start\n",
        "    def total(n):\n        return n\n    return total(numbers)\n",
        "    def add(n):\n        return n\n\n    return add(numbers)\n",
        "    def add(n): return n\n    return add(numbers)\n",
        "    if numbers: return 1\n",
        "    total = 0\n    # and so on\n",
        "    return f(numbers)\ndef f(x): return x\n",
    ],
)
def test_a_function_in_a_body_leaves_it_a_body(body):
    """Its blanks count."""
    assert extract(body, prompt=HEAD, entry_point="total") == Extraction(program=HEAD + body, rule="continuation")


def test_a_body_loses_what_was_begun_behind_it():
    """A body that was finished stays, though the model was stopped in another function."""
    found = extract(f"{BODY}\ndef g(a,", prompt=HEAD, entry_point="total", cut_off=True)

    assert (found.program, found.rule) == (f"{HEAD}{BODY}\n", "cut+continuation")
