"""What frames an answer: thoughts of any name and bracket, channels, tags, special tokens, fences within a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.extraction.extract import extract
from harness.extraction.select import Fence

PROGRAM = "def f(x):\n    return x + 1\n"
DRAFT = "Maybe:\n```python\ndef f(x):\n    return 0\n```\nNo, that's wrong."
FENCED = f"```python\n{PROGRAM}```\n"

BRACKETS = (
    ("<{}>", "</{}>"),
    ("[{}]", "[/{}]"),
    ("\u25c1{}\u25b7", "\u25c1/{}\u25b7"),
    ("<|{}|>", "<|/{}|>"),
    ("<|begin_of_{}|>", "<|end_of_{}|>"),
    ("<|START_{}|>", "<|END_{}|>"),
    ("<|{}_start|>", "<|{}_end|>"),
    ("\u3010{}\u3011", "\u3010/{}\u3011"),
    ("{{{}}}", "{{/{}}}"),
    ("({})", "(/{})"),
)
NAMES = (
    "think", "thinking", "Thought", "THINK", "reasoning", "reason", "reflection", "analysis", "scratchpad", "thoughts",
    "inner_monologue", "seed:think", "chain_of_thought", "longcat_think", "internal_reasoning", "rationale",
)  # fmt: skip
frames = st.builds(
    lambda bracket, name: tuple(side.format(name) for side in bracket),
    st.sampled_from(BRACKETS),
    st.sampled_from(NAMES),
)
gaps = st.sampled_from(("", "\n", " ", "\n\n", " \n"))
answers = st.sampled_from(
    (FENCED, PROGRAM, f"So:\n{FENCED}It works.", f"<answer>\n{FENCED}</answer>", f"Here: {FENCED}")
)


def found(text, **options):
    """Return the program of a completion."""
    return extract(text, entry_point="f", fence=Fence.ENTRY_POINT, **options).program


@given(frames, gaps, answers)
def test_what_follows_the_thoughts_counts(frame, gap, answer):
    """Whatever the frame is called, and wherever its end is in the line."""
    opening, closing = frame

    assert found(f"{opening}{gap}{DRAFT}{gap}{closing}{gap}{answer}") == PROGRAM


@given(frames, gaps, answers)
def test_thoughts_that_the_prompt_opened_are_none_of_the_answer(frame, gap, answer):
    """The closing tag alone tells them."""
    _, closing = frame

    assert found(f"{DRAFT}{closing}{gap}{answer}") == PROGRAM


@given(frames, frames, answers)
def test_the_last_thoughts_count(first, second, answer):
    """With a draft between two of them."""
    text = f"{first[0]}{DRAFT}{first[1]}\n{DRAFT}\n{second[0]}{DRAFT}{second[1]}\n{answer}"

    assert found(text) == PROGRAM


@given(st.sampled_from(BRACKETS[:-2]), st.sampled_from(["think", "THINKING"]))
def test_unfinished_thoughts_are_said_to_be(bracket, name):
    """No draft in them is the answer."""
    text = f"{bracket[0].format(name.upper())}\n{DRAFT}"

    assert (extract(text).rule, extract(text).program) == ("thought", text)


def test_a_prompt_may_have_begun_the_thoughts():
    """Without an end there is no answer."""
    assert extract(DRAFT, in_thought=True).rule == "thought"
    assert found(f"{DRAFT}</think>{FENCED}", in_thought=True) == PROGRAM


@pytest.mark.parametrize(
    "text",
    [
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{FENCED}<|return|>",
        f"{DRAFT}<|end|><|start|>assistant<|channel|>final <|constrain|>code<|message|>{FENCED}",
        f"<|channel|>commentary<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{PROGRAM}<|return|>",
        f"analysis{DRAFT}assistantfinal{FENCED}",
        f"analysis{DRAFT}assistantcommentary{DRAFT}assistantfinal{FENCED}",
        f"{DRAFT}assistantfinalHere it is:\n{FENCED}",
        f"<|channel>thought\n{DRAFT}<channel|>{FENCED}",
        f"Here is my thought process:\n{DRAFT}\nHere is my response:\n{FENCED}",
        f"<think>{DRAFT}<|begin_of_solution|>\n{FENCED}<|end_of_solution|>",
        f"<reasoning>{DRAFT}\n<answer>\n{FENCED}</answer>",
        f"<think>{DRAFT}</think><answer>{PROGRAM}</answer>",
        f"<think>{DRAFT}</think>\n{FENCED}<reflection>It holds.</reflection>",
        f"<thinking>{DRAFT}</thinking><output>{PROGRAM}</output><reflection>Good.</reflection>",
    ],
    ids=range(13),
)
def test_channels_and_answers(text):
    """What stands in the final channel, or the answer, is the program."""
    assert found(text) == PROGRAM


@pytest.mark.parametrize("text", [f"<|channel|>analysis<|message|>{DRAFT}", f"analysisWe try. {DRAFT}"])
def test_no_final_channel(text):
    """The model was stopped in its thoughts."""
    assert extract(text).rule == "thought"


TAGGED = (
    "def f(x):\n    '''Split at <think> and </think>.\n\n    </think>\n    '''\n    return x + 1\n",
    'END = "<|im_end|>"\n\ndef f(x):\n    return x + 1\n',
    "import re\n\ndef f(x):\n    return re.sub('<think>.*?</think>', '', x)\n",
    'TAGS = ["<answer>", "</answer>", "</s>", "[DONE]", "<|channel|>final"]\n' + PROGRAM,
    "def f(x):\n    return x + 1  # as assistantfinal and <thought> say\n",
)


@pytest.mark.parametrize(
    "wrapping", ["{}", "```python\n{}```", "Here it is:\n\n```python\n{}```\nDone.", "[BEGIN]\n{}[DONE]\n"]
)
@pytest.mark.parametrize("program", TAGGED)
def test_a_tag_in_a_program_is_its_own(program, wrapping):
    """In a string, a docstring or a comment it frames nothing."""
    assert found(wrapping.format(program)) == program


@pytest.mark.parametrize(
    "token",
    ["<|endoftext|>", "<|im_end|>", "</s>", "<|eot_id|>", "<end_of_turn>", "<eos>", "<|end|>", "<turn|>", "<|EOT|>",
     "<\uff5cend\u2581of\u2581sentence\uff5c>", "<|im_end|>\n<|im_start|>user\nThanks! Now (",
     "<file_sep>other.py\nimport ("],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "\n", " "])
@pytest.mark.parametrize(
    "answer", [PROGRAM.rstrip(), f"Sure:\n```python\n{PROGRAM.rstrip()}\n```", f"```python\n{PROGRAM.rstrip()}"]
)
def test_a_special_token_ends_the_text(token, before, answer):
    """On a line of its own or not, within a block that was never closed or behind one."""
    assert found(f"{answer}{before}{token}").rstrip() == PROGRAM.rstrip()


@pytest.mark.parametrize(
    "lead",
    [
        "<|im_start|>assistant\n",
        "<|assistant|>\n",
        "<s>",
        "<start_of_turn>model\n",
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
    ],
)
def test_tokens_before_the_answer_are_left_out(lead):
    """They begin the turn of the model."""
    assert found(f"{lead}{PROGRAM}<|im_end|>") == PROGRAM


@pytest.mark.parametrize(
    "label",
    ["python:solution.py", "ipython", "python3.11", "Python", "{.python}", "{python}", "py3", "PYTHON3",
     "python title=x", "solution.py", "pypy3", "ipython3", "{.python .numberLines}", "{code-cell} python",
     "python {linenos=true}", "tool_code"],
)  # fmt: skip
def test_labels_of_python(label):
    """Versions, interpreters, files and attributes of it; a block of another language comes first."""
    assert found(f"```bash\npip install x\n```\n```{label}\n{PROGRAM}```") == PROGRAM


@pytest.mark.parametrize(
    "text",
    [
        "Here is the code: ```python\n{}```\nIt works.",
        "<answer>```python\n{}```</answer>",
        "```python\n{}``` Here it is explained.",
        "```python\n{}```</answer>",
        "So: ```\n{}```\nIt works.",
        "Sure.```python\n{}```",
        "```python {}```\n",
        "\u200b```python\n{}```\n",
        "```python\n{}```It works.\n\nUse it:\n```python\nprint(f(1))\n```",
        "Two ways.\n```text\n1 -> 2\n```\nThe code: ```python\n{}```\nOutput:\n```\n2\n```",
    ],
    ids=range(10),
)
@pytest.mark.parametrize("glued", [False, True])
def test_a_fence_may_share_its_line(text, glued):
    """With prose or a tag before it, code before or behind it, or prose behind it."""
    program = PROGRAM.rstrip() if glued else PROGRAM

    assert found(text.format(program)).rstrip() == PROGRAM.rstrip()


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("```python\nfrom math import floor\n```\nThen:\n```python\ndef f(x):\n    return floor(x)\n```",
         "from math import floor\ndef f(x):\n    return floor(x)\n"),
        ("```python\ndef f(x):\n    return helper(x)\n```\nwith\n```python\ndef helper(x):\n    return x\n```",
         "def helper(x):\n    return x\ndef f(x):\n    return helper(x)\n"),
        ("```py\nimport math\n```\n```py\ndef g(x):\n    return math.pi\n```\n```py\ndef f(x):\n    return g(x)\n```",
         "import math\ndef g(x):\n    return math.pi\ndef f(x):\n    return g(x)\n"),
        (f"{FENCED}```python\nprint(f(1))\n```", PROGRAM),
        (f"```python\ndef f(x):\n    return 0\n```\nBetter:\n{FENCED}", "def f(x):\n    return 0\n"),
    ],
    ids=["import", "helper behind", "in turn", "usage", "two answers"],
)  # fmt: skip
def test_a_block_is_joined_with_what_it_lacks(text, program):
    """And with nothing else."""
    assert found(text) == program


def test_a_program_that_is_run_is_a_block_that_does_something():
    """Without an entry point, a block of functions is part of the one that calls them."""
    text = "```python\ndef g():\n    print(1)\n```\nCall it:\n```python\ng()\n```\n"

    assert extract(text, fence=Fence.ENTRY_POINT).program == "def g():\n    print(1)\ng()\n"


@pytest.mark.parametrize("text", ["Solution\n{}", "python\n{}", "{}\nComplexity: O(n)\n", "Here:\nAnswer\n{}\nDone\n"])
def test_prose_that_happens_to_parse_is_no_part_of_a_program(text):
    """A word that nothing binds could only raise a NameError."""
    assert found(text.format(PROGRAM)).strip() == PROGRAM.strip()


@pytest.mark.parametrize("program", [f"{PROGRAM}\nOutput: 0.5\n", f"{PROGRAM}\ng\n", f"X = 1\nX\n{PROGRAM}", "Done\n"])
def test_a_word_that_runs_stays(program):
    """Or one that is no word of prose."""
    assert found(program) == program


@pytest.mark.parametrize("blanks", [" ", "    ", "\t", "\n  "])
def test_blanks_before_the_first_line_are_left_out(blanks):
    """Where the rest is a program that defines what is wanted."""
    assert found(f"{blanks}{PROGRAM}") == PROGRAM


@pytest.mark.parametrize("text", ["<musing>\n{}</musing>\n{}", "{}<|mystery|>{}"])
def test_an_unknown_frame_is_named(text):
    """It is not interpreted, and not silent."""
    assert extract(text.format(DRAFT.replace("No", "Hm"), FENCED)).rule.startswith("unknown+") or "musing" in text


def test_a_fenced_program_may_have_any_length():
    """It is found by its label, though it is not parsed here."""
    program = "TABLE = [\n" + "    1,\n" * 30_000 + "]\n" + PROGRAM

    assert found(f"```python\nimport math\n```\nSo:\n```python\n{program}```\nDone.") == program
    assert found(f"Here: ```python\n{program}``` It works.<|im_end|>") == program
