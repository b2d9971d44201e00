"""Writes the help of every command of proctor into the page of commands."""

from collections.abc import Iterator

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from harness.cli.main import proctor

_PAGE = "reference/commands.md"
_WIDTH = 100


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - mkdocs'
    """Append the commands to their page.

    Args:
        markdown: text of the page.
        page: any page; all others stay as they are.
        config: not used.
        files: not used.
    """
    return "\n\n".join((markdown, *_sections(proctor, "proctor", None))) if page.file.src_uri == _PAGE else markdown


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    """Yield a section for a command, and for each of those below it."""
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        **command.context_settings,
    )
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            if found := command.get_command(context, below):
                yield from _sections(found, below, context)
