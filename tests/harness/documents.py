"""Reads what the documents show and say, for the tests that hold them to it."""

import re
from pathlib import Path

import click

from harness.cli.main import LazyGroup, proctor

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = {path.relative_to(ROOT): path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))}


def blocks(text, language):
    """Return the contents of the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shown(text):
    """Yield each command of the console blocks with the lines that are shown below it."""
    for block in blocks(text, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            yield command, tuple(lines)


def inline_code(text):
    """Return what stands between single backticks, line breaks made spaces."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]


def rows(text, head):
    """Return the cells of the table whose first heading is `head`."""
    table = re.search(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    return [[cell.strip().strip("`") for cell in row.split("|")[1:-1]] for row in table[1].splitlines()]


def commands_of(name):
    """Return the click command of a subcommand."""
    return LazyGroup().get_command(click.Context(proctor), name)


def leaves(command):
    """Yield a command, and where it is a group, those below it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from leaves(below)


TRAINING, GATE = (DOCUMENTS[Path(f"docs/{name}.md")] for name in ("training", "gate"))
