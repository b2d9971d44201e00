"""Leads the links of a page to files outside docs/ to the repository, as they lead on GitHub."""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

_LINK = re.compile(r"\]\((\.\./[^)#\s]+)")


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - mkdocs'
    """Replace the links of a page that leave docs/; one that leads nowhere stops the build.

    Args:
        markdown: text of the page.
        page: where it is.
        config: has the repository's address.
        files: not used.
    """
    docs = Path(config.docs_dir)

    def led_outside(link: re.Match[str]) -> str:
        path = PurePosixPath(normpath(f"{docs.name}/{PurePosixPath(page.file.src_uri).parent}/{link[1]}"))
        if path.is_relative_to(docs.name):
            return link[0]
        if not (docs.parent / path).exists():
            raise PluginError(f"{page.file.src_uri}: {link[1]} is not there")
        return f"]({config.repo_url}/blob/main/{path}"

    return _LINK.sub(led_outside, markdown)
