"""The floor plan: which module may import which, and what must not be imported or lie around."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import bench_house
import pytest

ROOT = Path(__file__).parent.parent
MODULES = bench_house.modules(ROOT)
OURS = {module: bench_house.imports(tree, MODULES) for module, tree in MODULES.items()}
MAY_IMPORT = {
    "sandbox": set(),
    "harness": {"sandbox"},
    "trainers": {"sandbox", "harness"},
    "leaderboards": {"sandbox", "harness"},
}
STAGES = (
    {"errors", "escapes", "plugins", "progress", "syntax"}, {"runs"}, {"formats"}, {"benchmarks"},
    {"generation", "extraction"}, {"examination"}, {"scoring"}, {"audit_report"}, {"trivial_programs"},
    {"audit", "explain", "export", "listing", "plan"}, {"api"}, {"cli"},
)  # fmt: skip
"""The rooms of `harness`, each with what it may import to its left; rooms in one place don't know each other."""
MAY_OCCUR_TWICE = {
    "command": "how the command line finds each subcommand",
    "enter": "how each layer of the jail is put in force",
    "main": "how a process is started",
}


WRITTEN_BY_COMMANDS = {"LEADERBOARD.md", "card.md", "report.md"}


def imported(tree):
    """Yield every module that a syntax tree imports, in functions too; a relative import as such."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "a relative import" if node.level else str(node.module)


def place_of(module):
    """Return the place of a module of `harness` among the stages."""
    room = module.split(".")[1]
    return next(number for number, rooms in enumerate(STAGES) if room in rooms)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_left(package):
    """No package imports one to its right, and every import is absolute."""
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[package] - {package} | {"a relative import"}

    wrong = [
        f"{module}: {name}"
        for module, tree in MODULES.items()
        if module.split(".")[0] == package
        for name in imported(tree)
        if name.split(".")[0] in forbidden
    ]

    assert wrong == []


def test_a_study_knows_the_other_parts_by_their_commands_and_files():
    """It imports how files are written and errors told, and nothing of what its commands do."""
    tools = {"harness.errors", "harness.runs.jsonl", "sandbox.printable"}

    known = {other for module, others in OURS.items() if module.startswith("trainers.study") for other in others}

    assert {other for other in known if not other.startswith("trainers.study")} <= tools


def test_a_wrong_import_would_be_seen():
    """The parser behind these tests finds every form of import."""
    source = "import harness.audit as a\ndef f():\n    from trainers.groups import Group\nfrom . import sibling\n"

    assert set(imported(ast.parse(source))) == {"harness.audit", "trainers.groups", "a relative import"}


def test_the_jail_loads_the_standard_library_and_itself_only():
    """Whatever lies in sandbox/inside runs in any examined interpreter; numpy's values are met where numpy is."""
    wrong = [
        f"{module}: {name}"
        for module, tree in MODULES.items()
        if module.startswith("sandbox.inside")
        for name in imported(tree)
        if name.split(".")[0] not in sys.stdlib_module_names and name.split(".")[:2] != ["sandbox", "inside"]
        and (module, name) != ("sandbox.inside.library_values", "numpy") and name != "sandbox"
    ]  # fmt: skip

    assert wrong == []


def test_click_and_rich_are_for_the_command_line():
    """Nothing else imports them, but for the one module that shows progress; nor what belongs to the command line."""
    wrong = [
        f"{module}: {name}"
        for module, tree in MODULES.items()
        if "cli" not in module.split(".") and module != "harness.progress"
        for name in imported(tree)
        if name.split(".")[0] in {"click", "rich"} or "cli" in name.split(".")
    ]

    assert wrong == []


def test_no_modules_import_each_other_in_a_circle():
    """Neither for types nor inside a function."""
    assert bench_house.circles(MODULES) == []


def test_no_public_name_occurs_twice():
    """One name for each thing, and one thing for each name."""
    assert {
        name: where for name, where in bench_house.doubled_names(MODULES).items() if name not in MAY_OCCUR_TWICE
    } == {}


def test_the_ruler_counts_functions_whose_arguments_are_not_explained():
    """Of eight public functions five take arguments that nothing but a docstring tells, and of these one does."""
    source = """
@click.command("told")
def command(told): pass
def none(): pass
def _private(a): pass
def told(a):
    'Do.\\n\\nArgs:\\n    a: what.'
def untold(a): 'Do.'
class C:
    def method(self): pass
    def keyword(self, *, a): pass
    @staticmethod
    def static(*a): pass
    @classmethod
    def other(cls, **a): pass
"""
    public = list(bench_house.public_functions(ast.parse(source)))
    taking = [node for node in public if bench_house.takes_arguments(node)]

    assert len(public) == 8
    assert [node.name for node in taking] == ["told", "untold", "keyword", "static", "other"]
    assert [node.name for node in taking if bench_house.explains_arguments(node)] == ["told"]


def test_the_stages_of_the_harness_import_to_the_left_only():
    """Data flows one way: runs, benchmarks, generation or extraction, examination, scoring, and what uses them."""
    wrong = [
        f"{module}: {other}"
        for module, others in OURS.items()
        if module.startswith("harness.")
        for other in others
        if other.startswith("harness.") and module.split(".")[1] != other.split(".")[1]
        and place_of(other) >= max(place_of(module), 1)
    ]  # fmt: skip

    assert wrong == []


def test_the_documents_that_the_code_cites_are_in_the_repository():
    """A comment that leads to a page which others can't open explains nothing."""
    cited = {
        (path.relative_to(ROOT).as_posix(), document)
        for package in MAY_IMPORT
        for path in (ROOT / package).rglob("*.py")
        for document in re.findall(r"\b[\w/.-]+\.md\b", path.read_text())
    }
    there = {path.name for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))}

    assert {(path, name) for path, name in cited if name.rpartition("/")[2] not in there | WRITTEN_BY_COMMANDS} == set()


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
