"""The floor plan: which package may import which, and what must not be imported or lie around."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "sandbox": set(),
    "harness": {"sandbox"},
    "trainers": {"sandbox", "harness"},
    "leaderboards": {"sandbox", "harness"},
}


def imported(source):
    """Yield the top-level package of every import in a source text, those inside functions included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "a relative import" if node.level else str(node.module).partition(".")[0]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_left(package):
    """No package imports one to its right, and every import is absolute."""
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[package] - {package} | {"a relative import"}

    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imported(path.read_text())
        if name in forbidden
    ]

    assert wrong == []


def test_a_wrong_import_would_be_seen():
    """The parser behind the test above finds every form of import."""
    source = "import harness.audit as a\ndef f():\n    from trainers.groups import Group\nfrom . import sibling\n"

    assert set(imported(source)) == {"harness", "trainers", "a relative import"}


def test_no_package_below_tests():
    """An __init__.py below tests/ would hide one of our four packages."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("module", ["numpy", "msgspec", "rich", "torch"])
def test_help_imports_nothing_heavy(module):
    """`proctor --help` lists every subcommand without importing what only they need."""
    probe = f"import sys; from harness.cli.main import run; run(['--help']); sys.exit({module!r} in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "score" in ended.stdout
