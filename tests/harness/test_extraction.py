"""Completion -> program: each rule, what must not be saved, and what holds for any text."""

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.extraction.extract import extract
from harness.extraction.reading import Extraction
from harness.extraction.select import Fence

HEAD = 'from typing import List\n\n\ndef total(numbers: List[int]) -> int:\n    """ Add them up.\n    """\n'
"""A prompt of HumanEval's kind."""
BODY = "    return sum(numbers)\n"
FUNCTION = "def f(x):\n    return x + 1\n"
OTHER = "def g(x):\n    return f(x)\n"
ASKED = "You are an expert Python programmer. Your code should pass these tests:\n\nassert f(1) == 2\n[BEGIN]\n"
"""A prompt of MBPP's kind."""

STATEMENTS = (
    FUNCTION,
    OTHER,
    "import math\n",
    "\n\n",
    "# A comment, as it were.\n",
    "@staticmethod\ndef h():\n    '''Say it.\n\n    ```\n    h()\n    ```\n    [DONE]\n    '''\n",
    'HELP = """\nThis is prose in a string.\n</think> is no tag here\n"""\n',
    "class Solution:\n\tdef f(self, x):\n\t\treturn [x]\n",
    "if __name__ == '__main__':\n    print(f(*eval(input())))\nelse:\n    pass\n",
    "A, B = [\n1,\n2,\n]\n",
    "print({f(1): 'ü'})\n",
    "for i in range(3): print(i)\r\n",
)
programs = st.lists(st.sampled_from(STATEMENTS)).map(lambda statements: "".join((FUNCTION, *statements)))

WRAPPINGS = {
    "fence": "```python\n{}```",
    "fence of another spelling": "```Python3 title=x\n{}```\n",
    "fence without a language": "Solution:\n\n```\n{}```\nIt works.",
    "fence of tildes": "~~~py\n{}~~~\n",
    "long fence": "````python\n{}````",
    "fence that is never closed": "Sure! Here's the code:\n```python\n{}",
    "fence opened by the prompt": "{}```\nThis returns x + 1.",
    "fence and an example": "So:\n```python\n{}```\nUse it:\n```python\nprint(f(1))\n```\nOutput:\n```\n2\n```",
    "fence after a command": "First:\n```bash\npip install f\n```\n```py\n{}```",
    "tags": "[BEGIN]\n{}[DONE]\n\nYou are an expert (",
    "closing tag": "{}[DONE]\nYou are an expert Python programmer\n[BEGIN]\ndef g(): pass\n[DONE]\n",
    "opening tag": "[BEGIN]\n{}",
    "tags of another model": "[PYTHON]\n{}[/PYTHON]\nThe function `f` adds one.",
    "tags around a fence": "[PYTHON]\n```python\n{}```\n[/PYTHON]\n",
    "thoughts": "<think>\nMaybe ```python\ndef f(): pass\n``` (no\n</think>\n{}",
    "thoughts opened by the prompt": "Let me see (\n</think>\n\n```python\n{}```",
    "prose": "Sure!\n\nHere's the function you asked for:\n{}This function returns x + 1.\n\nExample:\n\nf(1) is 2",
    "echo": ASKED + "{}",
    "echo and tags": "\n" + ASKED + "{}[DONE]\n" + ASKED,
    "stop string": "{}<|endoftext|>(((",
}


def indented(program):
    """Return the program in a block of a list's item."""
    return "1. So:\n\n   ```python\n{}   ```\n".format(textwrap.indent(program, "   ", lambda line: line != "\n"))


@given(programs)
def test_a_program_comes_back_as_it_is(program):
    """Byte for byte, whatever the settings and whatever looks like a tag or a fence in it."""
    whole = Extraction(program=program, rule="whole")

    assert extract(program) == whole
    assert extract(program, prompt=HEAD, entry_point="f", stop=("\ndef", "print"), cut_off=True) == whole
    assert extract(program, prompt=ASKED, entry_point="f", fence=Fence.LAST) == whole


@pytest.mark.parametrize(
    "program",
    [
        "x = 1",
        "\ufeffprint(1)\n",
        "#!/usr/bin/env python\n# -*- coding: latin-1 -*-\nprint('\xe9')\n",
        "print('\\d')\n",
        "f(1)\r\nf(2)\r\n",
        "f(1)\x0c\nf('\u2028')\n",
        "return 1",
        "word",
        "",
    ],
)
def test_odd_programs_come_back_too(program):
    """Without a last newline, with marks and odd line ends, with bad escapes, and the empty one."""
    assert extract(program) == Extraction(program=program, rule="whole")


@pytest.mark.slow
@pytest.mark.parametrize("wrapping", WRAPPINGS)
@given(program=programs)
def test_a_wrapped_program_comes_back(wrapping, program):
    """The program within is returned to the letter; what stood around it is what was left out."""
    completion = WRAPPINGS[wrapping].format(program.replace("\r", ""))

    found = extract(completion, prompt=ASKED, entry_point="f", stop=("<|endoftext|>",))

    assert found.program == program.replace("\r", "")
    assert len("".join(found.discarded)) == len(completion) - len(found.program)
    assert found.complete


@given(programs)
def test_an_indented_block_is_moved_back(program):
    """A block in a list's item loses the item's indentation."""
    assert extract(indented(program)).program == program


@pytest.mark.parametrize(
    ("completion", "rule"),
    [
        (FUNCTION, "whole"),
        (f"```\n{FUNCTION}```", "fence"),
        (f"[BEGIN]\n{FUNCTION}[DONE]", "tags"),
        (f"Here you go:\n{FUNCTION}", "prose"),
        (f"{FUNCTION}<eos>)", "stop"),
        (f"{ASKED}{FUNCTION}", "echo"),
        (f"<think>x</think>\n{FUNCTION}", "thinking"),
        (f"{ASKED}<think>x</think>[\n[PYTHON]\n```py\n{FUNCTION}<eos>", "echo+thinking+tags+end+fence"),
        ("I can't do that.", "none"),
    ],
)
def test_rules_are_named_in_their_order(completion, rule):
    """The rule says which steps led to the program."""
    assert extract(completion, prompt=ASKED, stop=("<eos>",)).rule == rule


def test_what_was_left_out_is_kept():
    """The texts before and after the program, in their order."""
    found = extract(f"<think>hm</think>Here:\n```py\n{FUNCTION}```\nDone.")

    assert found.discarded == ("<think>hm</think>", "Here:\n```py\n", "```\nDone.")


@pytest.mark.parametrize(
    ("fence", "chosen"), [(Fence.FIRST, [0]), (Fence.LAST, [2, 3]), (Fence.LONGEST, [1]), (Fence.ENTRY_POINT, [2])]
)
def test_the_fence_is_a_choice(fence, chosen):
    """Of four blocks in Python, one is the program, with what it lacks; the longest of all is in another language."""
    blocks = ["import math\n", "class Point:\n    x: int\n    y: int\n", FUNCTION, "print(f(1))\n"]
    text = "\n".join(f"```python\n{block}```" for block in blocks)

    found = extract(f"{text}\n```text\n{'x' * 99}\n```\n", entry_point="f", fence=fence)

    assert found.program == "".join(blocks[number] for number in chosen)


def test_the_first_block_counts_where_none_defines_the_entry_point():
    """A choice that can't be made is the first."""
    assert (
        extract("```py\nA = 1\n```\n```py\nB = 2\n```", entry_point="f", fence=Fence.ENTRY_POINT).program == "A = 1\n"
    )


def test_a_broken_first_block_is_not_passed_over():
    """The second is not taken because the first doesn't parse: it may be anything."""
    assert extract(f"```python\ndef f(:\n```\n```python\n{FUNCTION}```").rule == "none"


@pytest.mark.parametrize("sample", ["5 5\n1 2 3\n", "5\n", "YES\n"])
def test_a_block_without_a_language_that_is_no_program_is_passed_over(sample):
    """Sample input and output stand in such blocks, too, and may happen to parse."""
    assert extract(f"Input:\n```\n{sample}```\n```\n{FUNCTION}```").program == FUNCTION


def test_a_block_of_another_language_is_never_the_program():
    """Even if it would parse."""
    assert extract("```json\n[print(1)]\n```").rule == "none"


def test_thoughts_without_an_end_hold_no_program():
    """What the model tried while thinking is not its answer."""
    completion = f"<think>\n```python\n{FUNCTION}```\n"

    assert extract(completion) == Extraction(program=completion, rule="thought")


@pytest.mark.parametrize("tag", ["[BEGIN]", "[DONE]", "[PYTHON]"])
def test_tags_are_no_program_though_they_parse(tag):
    """`[DONE]` is a list in Python; a program that holds it would fail for that alone."""
    assert extract(f"{tag}\n").rule == "none"


BROKEN = [
    f'{FUNCTION}print "x"\n',
    f"{FUNCTION}print(f(1)",
    f"{FUNCTION}\nif __name__ == '__main__':\n    print(f(eval(input()))",
    f"{FUNCTION}def g(:\n    pass\n",
    f"print f(1)\n{FUNCTION}",
    f"for i in range(3) print(i)\n{FUNCTION}",
    f"{FUNCTION}improt math\n",
    f"{FUNCTION}{FUNCTION}    pass\n  pass\n",
    f"{FUNCTION}x = '\n{FUNCTION}",
    f"A, B = map(int, input()split())\n{FUNCTION}",
    f"Total = 3 4\n{FUNCTION}",
    f"{FUNCTION}A, B = [\n1 2\n]\n{OTHER}",
]


@pytest.mark.parametrize("wrapping", ["{}", "```python\n{}\n```", "[BEGIN]\n{}\n[DONE]\n"])
@pytest.mark.parametrize("program", BROKEN)
def test_a_broken_program_is_not_mended(program, wrapping):
    """Leaving out the statement that doesn't parse would make a right program of a wrong one."""
    completion = wrapping.format(program)

    assert extract(completion, entry_point="f") == Extraction(program=completion, rule="none")


UNFINISHED = [
    "print(f(1",
    "print(f('1",
    "def g(x):\n    '''Say",
    "if f(1):\n    print(1)\nelse:\n    print(",
    "try:\n    f()\nexcept",
    "@cache\n@wraps\ndef g(",
    "A = [\n1,\n2,\n3,\n",
    "X = '''\nThis is text\n\nand more\n",
    "x = f(1) +",
    "import",
]


@pytest.mark.parametrize("statement", UNFINISHED)
@pytest.mark.parametrize("wrapping", ["{}", "```python\n{}", "Here it is:\n{}", "[BEGIN]\n{}", "<think></think>{}"])
def test_the_statement_in_which_the_model_was_stopped_is_dropped(statement, wrapping):
    """Only that one, only if the model is known to have been stopped, and it is said so."""
    completion = wrapping.format(f"{FUNCTION}{OTHER}{statement}")

    found = extract(completion, entry_point="f", cut_off=True)

    assert (found.program, found.complete) == (FUNCTION + OTHER, False)
    assert found.rule.endswith("cut")
    assert found.discarded[-1] == statement
    assert extract(completion, entry_point="f").rule == "none"


@pytest.mark.parametrize(
    "completion",
    [
        f"{FUNCTION}x = (\n{OTHER}",
        "def f(x):\n    return (",
        f"```python\n{FUNCTION}print(\n```\nAnd so",
        f"[BEGIN]\n{FUNCTION}print(\n[DONE]\nAnd so",
        "I think that",
        "",
    ],
)
def test_nothing_but_the_last_statement_is_dropped(completion):
    """Not one further up, not the function that is asked for, not one that had its end."""
    assert extract(completion, entry_point="f", cut_off=True).program == completion


TEXTS = (
    *WRAPPINGS.values(), *STATEMENTS, *BROKEN, *UNFINISHED, HEAD, BODY, ASKED, "```", "```py\n", "~~~\n", "`` `\n",
    "[BEGIN]\n", "[DONE]\n", "[PYTHON]", "[/PYTHON]\n", "<think>", "</think>\n", "This is it now.\n", "Sure!\n\n",
    "(", "'''", "\\", "\0", "\ud800", "\r", "    ", "{", "@a\n", "a;", "END",
)  # fmt: skip
texts = st.one_of(st.text(), st.lists(st.sampled_from(TEXTS)).map("".join))
settings = st.fixed_dictionaries(
    {
        "prompt": st.sampled_from(["", HEAD, ASKED, "def f(x):\n", "'''"]),
        "entry_point": st.sampled_from(["", "f", "total", "Solution().f"]),
        "fence": st.sampled_from(Fence),
        "stop": st.sampled_from([(), ("\ndef", "END"), ("", "(")]),
        "cut_off": st.booleans(),
    }
)


@given(texts, settings)
def test_any_text_has_an_extraction(text, chosen):
    """It never holds more than prompt and completion do, and says so much was left out and no more."""
    found = extract(text, **chosen)

    assert len(found.program) <= len(chosen["prompt"]) + len(text)
    assert len("".join(found.discarded)) <= len(text)
    assert all(found.discarded)
    assert found.rule != "none" or found == Extraction(program=text, rule="none")
    assert found.complete == ("cut" not in found.rule)


@given(texts, settings)
def test_extraction_is_idempotent(text, chosen):
    """The program of a program is itself."""
    program = extract(text, **chosen).program

    assert extract(program, **chosen).program == program


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000,
        "-" * 5000 + "1",
        "x" + ".x" * 50_000,
        "a if b else " * 9_000,
        "[x" + " for x in y" * 10_000 + "]",
        "def f(x):\n    return x\n" * 40_000,
        "a;" * 500_000,
        "```\nx\n```\n" * 100_000,
        "[BEGIN]\n[DONE]\n" * 60_000,
        "This is prose\n" * 70_000,
        "```" + " " * 1_000_000 + "`",
        "x = '''\n" + "This is prose\n" * 9_000,
        "9" * 1_000_000,
    ],
    ids=range(13),
)
def test_hostile_texts_cost_little(text):
    """Deep nesting and a megabyte of anything are read in time that grows with the length alone, and not executed."""
    start = time.process_time()

    found = extract(text, prompt=HEAD, entry_point="total", fence=Fence.ENTRY_POINT, cut_off=True)

    assert found.program in {text, HEAD + text}
    assert time.process_time() - start < 10
