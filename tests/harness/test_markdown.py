"""The fenced blocks of a Markdown text."""

import pytest

from harness.extraction.text import blocks, lone_fence


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```\na\n```", [("", "a\n")]),
        ("```Python hl=1\na\n```\nb\n~~~\nc\n~~~", [("python", "a\n"), ("", "c\n")]),
        ("```{.python}\na\n```", [("python", "a\n")]),
        ("```py\r\na\r\n```\r\n", [("py", "a\r\n")]),
        ("````\n```\na\n```\n````", [("", "```\na\n```\n")]),
        ("```\n~~~\n```", [("", "~~~\n")]),
        ("```py\n```py\n```", [("py", "```py\n")]),
        ("```py\na", [("py", "a")]),
        ("```", [("", "")]),
        ("```\n```", [("", "")]),
        ("- x\n\n      ```py\n      a\n        b\n\n      ```", [("py", "a\n  b\n\n")]),
        ("    ```\n    a\n    ```", []),
        ("   ```\n   a\n   ```\nb", [("", "a\n")]),
        ("```\na\n   ```\nb", [("", "a\n")]),
        ("~~~ `a`\nb\n~~~", [("`a`", "b\n")]),
        ("```py\n'''\n    ```\n    '''\n```", [("py", "'''\n    ```\n    '''\n")]),
        ("``` `a` ```\n", []),
        ("a ``` b\n", []),
        ("", []),
    ],
)
def test_blocks(text, found):
    """A block ends at a bare fence of its own kind, at least as long, and not further in; or with the text."""
    assert [(block.language, block.content(text)) for block in blocks(text)] == found


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a\n```", 2),
        ("a\n   ```", 2),
        ("a\n```\nb\n```py\nc\n```", 2),
        ("'''\n    ```\n'''\n```\n", 16),
        ("a\n```\nb\n```", None),
        ("a\n```py\n", None),
        ("a", None),
    ],
)
def test_the_end_of_a_block_that_the_prompt_opened(text, end):
    """It is the first fence, if their number is odd and it names no language."""
    assert lone_fence(text) == end
