"""What is installed: the wheel, the four names, the pinned versions, and what the examined interpreter gets to load."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("sandbox", "harness", "trainers", "leaderboards")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OLDEST_EXAMINED = (3, 10)
SETUPTOOLS_NEEDED = 77


def setuptools_major():
    """Return the major version of setuptools here, 0 where there is none."""
    try:
        return int(version("setuptools").partition(".")[0])
    except PackageNotFoundError:
        return 0


@pytest.mark.slow
def test_the_wheel_holds_the_packages_and_the_problems(tmp_path):
    """Every module and every problem of the four packages, the command, the licence, and no tests."""
    if setuptools_major() < SETUPTOOLS_NEEDED:
        pytest.skip(f"building without the network needs setuptools {SETUPTOOLS_NEEDED} or newer in this environment")
    for name in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / name, tmp_path / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / "source" / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]

    built = subprocess.run(
        [*build, "--no-cache-dir", "--wheel-dir", tmp_path, tmp_path / "source"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("proctor-*.whl")
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
