"""What is installed: the wheel, the four names, the pinned versions, and what the examined interpreter gets to load."""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import yaml
from documents import DOCUMENTS, rows

from harness.cli.main import _EXTRAS

ROOT = Path(__file__).parent.parent
PACKAGES = ("sandbox", "harness", "trainers", "leaderboards")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OLDEST_EXAMINED = (3, 10)
SETUPTOOLS_NEEDED = 77
MADE_HERE = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")
MADE_AT_THE_TOP = {"build", "dist", "runs", "site"}
"""Names of folders that others of ours have below."""


def setuptools_major():
    """Return the major version of setuptools here, 0 where there is none."""
    try:
        return int(version("setuptools").partition(".")[0])
    except PackageNotFoundError:
        return 0


def run(command, **options):
    """Return what a command printed; its errors are shown where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tracked():
    """Return the files of the repository; an unpacked source distribution has no history, and is what it is."""
    try:
        git = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    except (OSError, subprocess.CalledProcessError):
        return None
    return {name for name in git.stdout.split("\0") if name}


def not_copied(folder, names):
    """Return what tools made in a folder of the repository."""
    return MADE_HERE(folder, names) | (MADE_AT_THE_TOP & set(names) if Path(folder) == ROOT else set())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a source distribution of a copy of the repository, and a wheel of that, without the network."""
    if setuptools_major() < SETUPTOOLS_NEEDED:
        pytest.skip(f"building without the network needs setuptools {SETUPTOOLS_NEEDED} or newer in this environment")
    place = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT, place / "source", ignore=not_copied)
    build = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    run([sys.executable, "-c", build, place], cwd=place / "source")
    (sdist,) = place.glob("proctor-*.tar.gz")
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    run([*wheel, "--no-cache-dir", "--wheel-dir", place, sdist])
    (wheel,) = place.glob("proctor-*.whl")
    return sdist, wheel


@pytest.mark.slow
def test_the_source_distribution_holds_the_repository(built):
    """So the tests, the documents and what they need come along, and nothing that lies around."""
    sdist, _ = built
    with tarfile.open(sdist) as content:
        names = {member.name.partition("/")[2] for member in content.getmembers() if member.isfile()}

    ours = {name for name in names if not name.startswith("proctor.egg-info/")} - {"PKG-INFO", "setup.cfg"}

    assert {"tests/conftest.py", "Makefile", "constraints.txt", "docs/install.md", ".ci/run"} <= ours
    assert tracked() in (None, ours)


@pytest.mark.slow
def test_the_wheel_holds_the_packages_and_the_problems(built):
    """Every module and every problem of the four packages, the command, the licence, and no tests."""
    _, wheel = built
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        entry_points = content.read(next(name for name in names if name.endswith("/entry_points.txt"))).decode()
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for pattern in ("*.py", "*.toml", "*.css", "*.js", "*.json", "*.safetensors", "py.typed")
        for path in (ROOT / package).rglob(pattern)
    }
    assert {name for name in names if ".dist-info/" not in name} == ours
    assert any(name.startswith("harness/benchmarks/mini/") for name in ours)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert "proctor = harness.cli.main:main" in entry_points


@pytest.mark.slow
def test_an_installed_wheel_scores_outside_the_repository(built, tmp_path):
    """Two samples of one problem, one of them right: pass@1 is 50 %."""
    _, wheel = built
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-cache-dir", "--target"]
    run([*pip, installed, wheel])
    elsewhere.mkdir()
    right = "[len(run) for run in ''.join('01'[v % 2] for v in values).split('1')]"
    completions = (f"def longest_even_run(values):\n    return max({it})\n" for it in (right, "values"))
    rows = ({"task_id": "introductory/longest_even_run", "model": "m", "completion": text} for text in completions)
    (elsewhere / "tries.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    proctor = {"cwd": elsewhere, "env": {**os.environ, "PYTHONPATH": str(installed)}}
    command = installed / "bin" / "proctor"

    doctor = json.loads(run([command, "doctor", "--json"], **proctor))
    report = run([command, "score", "tries.jsonl", "--benchmark", "mini", "--out", "run"], **proctor)

    assert (doctor["packages"], doctor["proctor"]) == (str(installed), PROJECT["project"]["version"])
    assert re.search(r"^\| all +\| 1 +\| 50\.00 \(", report, re.MULTILINE)


def test_the_version_is_one():
    """That of pyproject.toml is the latest of CHANGELOG.md, with a date, and that of CITATION.cff, with the same."""
    released = re.search(r"^## \[([0-9.]+)\] - ([0-9-]+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())

    assert released[1] == PROJECT["project"]["version"] == citation["version"]
    assert released[2] == citation["date-released"]


def test_extras_that_hints_name_are_there():
    """What to install is said by one function, and every extra that it is given is one of ours."""
    sources = {path: path.read_text() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    named = {extra for text in sources.values() for extra in re.findall(r"install_command\('proctor\[(\w+)\]'\)", text)}

    assert {"train", "plots", "openai"} <= named <= set(PROJECT["project"]["optional-dependencies"])
    assert set(_EXTRAS.values()) <= set(PROJECT["project"]["optional-dependencies"])
    assert [path for path, text in sources.items() if "pip install" in text] == [ROOT / "harness" / "errors.py"]


def test_every_extra_is_explained():
    """docs/install.md says of each what it is for, and with which it can be installed."""
    table = rows(DOCUMENTS[Path("docs/install.md")], "extra")

    assert {name for name, *_ in table} == set(PROJECT["project"]["optional-dependencies"])


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md"])
def test_links_of_the_projects_documents_lead_somewhere(name):
    """Files that they link to are there, and so are headings."""
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text()) if "://" not in target]

    for path, _, anchor in (target.partition("#") for target in targets):
        headings = re.findall(r"^#+ (.*)$", (ROOT / path).read_text(), re.MULTILINE)
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_quick_is_the_part_of_the_tests_that_is_not_slow():
    """Both begin with the same command; without the marker in a name, `-m` would choose everything."""
    recipes = dict(re.findall(r"^([a-z-]+):[^\n]*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    markers = [marker.partition(":")[0] for marker in PROJECT["tool"]["pytest"]["ini_options"]["markers"]]

    assert recipes["quick"] == f'{recipes["test"]} -m "not slow"'
    assert markers == ["slow"]


def test_the_four_packages_lie_beside_each_other():
    """All are found in one folder, so none is hidden by another distribution's."""
    homes = {Path(importlib.util.find_spec(package).origin).parent.parent for package in PACKAGES}

    assert homes == {ROOT}


def test_constraints_pin_what_is_asked_for():
    """Nothing but exact versions of names: no index, no path; and everything that pyproject.toml names is there."""
    rows = [row for row in (ROOT / "constraints.txt").read_text().splitlines() if not row.startswith("#")]
    extras = PROJECT["project"]["optional-dependencies"]
    of_extras = [name for extra in ("dev", "openai", "train", "transformers") for name in extras[extra]]
    asked = [name for name in (*PROJECT["project"]["dependencies"], *of_extras) if not name.startswith("proctor[")]

    pinned = [re.fullmatch(r"([A-Za-z0-9._-]+)==[0-9][A-Za-z0-9.]*", row) for row in rows]

    assert all(pinned)
    assert {re.match(r"[A-Za-z0-9_-]+", name)[0] for name in asked} <= {match[1] for match in pinned}


def file_of(module):
    """Return the file of one of our modules, None where the name is none."""
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imports(tree):
    """Yield the dotted names that a module imports, with those that may be modules or attributes of one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def loaded_by(start):
    """Return the modules of ours that `start` loads, each with what it imports; parsed as the oldest Python would."""
    found, todo = {}, [start]
    while todo:
        module = todo.pop()
        file = file_of(module)
        if module in found or file is None:
            continue
        found[module] = set(imports(ast.parse(file.read_text(), str(file), feature_version=OLDEST_EXAMINED)))
        parents = {module.rpartition(".")[0]} - {""}
        todo += [name for name in found[module] | parents if name.partition(".")[0] == "sandbox"]
    return found


def test_the_examined_interpreter_needs_nothing_installed():
    """What a template loads is standard library in the grammar of CPython 3.10; numpy is only for those who have it."""
    found = loaded_by("sandbox.inside.template")

    foreign = {
        (module, top)
        for module, names in found.items()
        for top in {name.partition(".")[0] for name in names} - {"sandbox"} - sys.stdlib_module_names
    }

    assert {
        "sandbox.inside.candidate",
        "sandbox.inside.examiner",
        "sandbox.inside.values",
        "sandbox.inside.layers.seccomp",
    } <= set(found)
    assert foreign <= {("sandbox.inside.library_values", "numpy")}
