"""Every wrong usage that docs/exit-codes.md lists ends as it says: one line, no traceback, nothing written."""

import pytest
from wrong_usages import DOCUMENT, agrees, left_by, make_place, usages_in

from harness.cli.main import SUBCOMMANDS

pytestmark = pytest.mark.slow

USAGES = usages_in(DOCUMENT.read_text())
CODES = {0, 2, 3}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder that holds one of everything, which no usage changes."""
    return make_place(tmp_path_factory.mktemp("usages"))


@pytest.mark.parametrize("usage", USAGES, ids=lambda usage: usage.text)
def test_a_wrong_usage_ends_as_documented(place, usage):
    """With this exit code and last line on stderr, and no traceback; only a run to go on with, or a card, is left."""
    code, reported, left = left_by(usage.text, place)

    assert code == usage.code
    assert agrees(usage.line, reported.splitlines()[-1] if reported else "")
    assert "Traceback" not in reported
    assert not left or {"new/run.json", "new/card.json"} & set(left)


def test_the_list_is_long_and_of_all_commands():
    """Of each command there is a wrong usage, and a code is a documented one."""
    named = {usage.text.partition("proctor ")[2].split()[0] for usage in USAGES if "proctor " in usage.text}

    assert len(USAGES) >= 120
    assert len({usage.text for usage in USAGES}) == len(USAGES)
    assert {usage.code for usage in USAGES} == CODES
    assert set(SUBCOMMANDS) <= named
