"""Reads what the documents show and say, for the tests that hold them to it."""

import re
import shlex
from pathlib import Path

import click

from harness.cli.main import LazyGroup, proctor

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = {path.relative_to(ROOT): path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))}
TUTORIALS = {path.stem: DOCUMENTS[path] for path in DOCUMENTS if path.parent.name == "tutorials"}
TRAINING, GATE = (DOCUMENTS[Path(f"docs/{name}.md")] for name in ("training", "gate"))


def blocks(text, language):
    """Return the contents of the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shown(text):
    """Yield each command of the console blocks with the lines that are shown below it."""
    for block in blocks(text, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            yield command, tuple(lines)


def saved(text):
    """Yield name and content of each file that a reader is told to save."""
    yield from re.findall(r"[Ss]ave \w+ as `([^`]+)`:\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


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


def calls(text):
    """Yield the arguments of each call of proctor that the console and shell blocks of a document show."""
    for language in ("console", "sh"):
        for block in blocks(text, language):
            lines = block.replace("\\\n", " ").splitlines()
            for line in lines if language == "sh" else [line[2:] for line in lines if line.startswith("$ ")]:
                yield from _calls_of(shlex.split(line, comments=True))


def _calls_of(words):
    """Yield the arguments after each `proctor` of a command line, be it the argument of another command."""
    for place, word in enumerate(words):
        if word.startswith("proctor "):
            yield from _calls_of(shlex.split(word))
        elif word in {"proctor", "proctor)", "env/bin/proctor"} and words[place - 1] != "--tag":  # docker's
            yield words[place + 1 :]
            return


def refusal_of(arguments):
    """Return why the command line can't be as shown, "" where it can: names, options, choices and what is required.

    `...` stands for anything. Files need not be there.
    """
    command, *rest = commands_of(arguments[0]), *arguments[1:]
    if command is None:
        return f"no command {arguments[0]}"
    while isinstance(command, click.Group) and rest:
        command, *rest = command.get_command(click.Context(command), rest[0]), *rest[1:]
    context, open_ended = click.Context(command, info_name=" ".join(arguments[:1])), "..." in rest
    try:
        given, _, _ = command.make_parser(context).parse_args([word for word in rest if word != "..."])
        for parameter in command.params:
            values = given.get(parameter.name)
            if parameter.required and not values and not open_ended and "--help" not in rest:
                return f"lacks {parameter.name}"
            if isinstance(parameter.type, click.Choice) and isinstance(values, str):
                parameter.type.convert(values, parameter, context)
    except click.UsageError as error:
        return error.format_message()
    return ""
