"""The README is short, the links of all documents lead somewhere, and the site builds without network."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from documents import DOCUMENTS, README, ROOT

from harness.cli.main import SUBCOMMANDS

pytestmark = pytest.mark.slow

LINES_OF_README = 150
PAGES = {
    **DOCUMENTS,
    **{path.relative_to(ROOT): path.read_text() for path in ROOT.glob("*.md")},
}  # documents, and what is beside the README


class Nav(yaml.SafeLoader):
    """Reads mkdocs.yml; its names of Python functions are kept out."""


Nav.add_multi_constructor("tag:yaml.org,2002:python/", lambda _loader, _suffix, _node: None)


def anchors(text):
    """Return the anchors that GitHub makes of the headings of a text."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text):
    """Return where the links and pictures of a text lead."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", prose))


def test_the_readme_is_short():
    """A stranger reads all of it."""
    assert len(README.splitlines()) <= LINES_OF_README


@pytest.mark.parametrize("document", PAGES, ids=str)
def test_links_lead_somewhere(document):
    """Files and folders that a document links to are there, and so are headings."""
    for path, _, anchor in (target.partition("#") for target in links(PAGES[document]) if "://" not in target):
        found = ROOT / document.parent / path if path else ROOT / document
        assert found.exists(), path
        assert not anchor or anchor in anchors(found.read_text()), f"{path}#{anchor}"


def test_anchors_are_those_of_github():
    """Punctuation goes, and every space is a hyphen."""
    assert anchors("# A - b, and C's `d`\n```\n# no\n```\n") == {"a---b-and-cs-d"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site; a warning is an error."""
    out = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", out],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
        check=True,
    )
    return out


def test_the_site_has_every_page_and_loads_nothing_from_elsewhere(site):
    """Each document is a page, and no page has a script, style, font or picture of another address."""
    pages = {path.relative_to("docs").with_suffix("") for path in DOCUMENTS if path.parts[0] == "docs"}
    loaded = re.compile(
        r'<(?:script|img)[^>]* src="https?:|<link[^>]*rel="(?:stylesheet|preconnect)"[^>]*href="https?:'
    )

    assert [page for page in pages if page.name != "index" and not (site / page / "index.html").exists()] == []
    assert [page for page in site.rglob("*.html") if loaded.search(page.read_text())] == []


def test_the_site_has_every_command_and_the_doors_for_python(site):
    """Commands with their options, functions with their arguments."""
    commands = (site / "reference" / "commands" / "index.html").read_text()
    python = (site / "reference" / "python" / "index.html").read_text()

    assert [name for name in SUBCOMMANDS if f'id="proctor-{name}"' not in commands] == []
    assert "--extraction" in commands
    for name in ("harness.api.evaluate_samples", "sandbox.judge.judge_program", "trainers.methods.method"):
        assert f'id="{name}"' in python


def test_the_site_leads_to_the_repository_for_what_is_not_on_it(site):
    """The address is that of the project."""
    home = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Homepage"]

    assert yaml.load((ROOT / "mkdocs.yml").read_text(), Nav)["repo_url"] == home  # noqa: S506 - a SafeLoader
    assert f'href="{home}/blob/main/studies/paper.toml"' in (site / "studies" / "index.html").read_text()
