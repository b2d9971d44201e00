"""Which installed packages a program may import: those allowed, what they need, and nothing else that is installed."""

import sysconfig
import tempfile
import venv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.inside.layers import packages
from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, known_report, probe
from sandbox.judge import Judge
from sandbox.records import AssertTest, Refused, StdioTest, Verdict

pytestmark = pytest.mark.slow

LAYERS = pytest.mark.parametrize("layers", [ALL_LAYERS, ALL_LAYERS - NAMESPACES], ids=["namespaces", "no_namespaces"])


def install(site, name, version, files, requires=(), *, elsewhere=()):
    """Install a distribution as pip would: its files, what it says of itself, and the list of all that."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    described = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/direct_url.json": '{"url": "file:///home/me/secret"}',
    }
    for path, text in {**files, **described}.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    rows = [*files, *described, *elsewhere, f"{info}/RECORD"]
    (site / info / "RECORD").write_text("".join(f"{row},,\n" for row in rows))


def compiled_module():
    """Return name and content of a module of the library that is compiled, which may be in any package."""
    folder = sysconfig.get_config_var("DESTSHARED") or ""
    found = sorted(Path(folder).glob("_bisect*.so")) if folder else []
    return {f"alpha/{found[0].name}": found[0].read_bytes()} if found else {}


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Return an interpreter of a virtual environment with some packages."""
    home = tmp_path_factory.mktemp("env")
    venv.EnvBuilder(symlinks=True).create(home)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    reads_version = "from importlib.metadata import version\nimport beta_module\n__version__ = version('Alpha')\n"
    install(
        site, "Alpha", "1.2", {"alpha/__init__.py": reads_version, **compiled_module()},
        ["Beta.Dist>=1", "gamma[extra]; extra == 'more'", "nowhere; sys_platform == 'win32'"],
        elsewhere=("../../../bin/alpha",),
    )  # fmt: skip
    install(site, "beta-dist", "2.0", {"beta_module.py": "import delta.part\nbeta = 2\n"}, ["delta[fast]"])
    install(site, "delta", "3.0", {"delta/part.py": "", "delta/text.txt": "delta"}, ['epsilon (>=1); extra == "fast"'])
    install(site, "epsilon", "4.0", {"shared/epsilon/__init__.py": "", "shared/epsilon/data/table.csv": "1"})
    install(site, "zeta", "5.0", {"shared/zeta.py": "", "shared/eta/__init__.py": ""}, ["delta"])
    install(site, "gamma", "6.0", {"gamma/__init__.py": ""})
    (site / "bare.py").write_text("bare = 1\n")
    (site / "old").mkdir()
    (site / "old" / "__init__.py").write_text("")
    (site / "Old_Name-1.0.egg-info").mkdir()
    (site / "Old_Name-1.0.egg-info" / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: Old-Name\nVersion: 1.0\n")
    (site / "Old_Name-1.0.egg-info" / "top_level.txt").write_text("old\n")
    (home / "bin" / "alpha").write_text("#!/bin/sh\n")
    return str(home / "bin" / "python")


def printed(jail, program):
    """Return what a program prints, or its last words."""
    with Judge(jail) as judge:
        judgement = judge.judge(program, (StdioTest(stdin="", expected_stdout="\0"),))
    return judgement.per_test[0].actual.strip() if judgement.verdict is Verdict.WRONG_ANSWER else judgement.detail


@LAYERS
def test_an_allowed_package_is_imported_with_all_that_it_needs(python, layers):
    """What it needs needs more; extras count where they are requested; its version is there to be read."""
    jail = Jail(python=python, layers=layers, allow=("alpha",))
    program = "import alpha, beta_module, delta.part, shared.epsilon as e\nprint(alpha.__version__, beta_module.beta)\nprint(open(e.__path__[0] + '/data/table.csv').read())"

    assert printed(jail, program).split() == ["1.2", "2", "1"]
    assert known_report(jail).packages == {"alpha": "1.2", "beta-dist": "2.0", "delta": "3.0", "epsilon": "4.0"}


@LAYERS
def test_nothing_else_that_is_installed_can_be_imported(python, layers):
    """Not what is beside it, in the same namespace, or needed only with an extra; it is not there at all."""
    tries = "import importlib\nfor name in ('gamma', 'bare', 'old', 'shared.zeta', 'shared.eta', 'pip'):\n    try:\n        importlib.import_module(name)\n    except ModuleNotFoundError:\n        continue\n    print(name)\nprint('none')"

    assert printed(Jail(python=python, layers=layers, allow=("alpha",)), tries) == "none"


@LAYERS
def test_the_folder_with_packages_holds_no_more_than_an_import_needs(python, layers):
    """No script, no list of files, no place on the host that it came from."""
    program = """
import os, sys
top = sys.path[-1]
for folder, folders, files in os.walk(top, followlinks=True):
    folders[:] = [name for name in folders if name not in ("numpy", "numpy.libs", "__pycache__")]
    print(*(os.path.relpath(os.path.join(folder, name), top) for name in files))
"""
    shown = set(printed(Jail(python=python, layers=layers, allow=("alpha",)), program).split())

    assert {name for name in shown if not name.endswith(".so")} == {
        "alpha/__init__.py", "beta_module.py", "delta/part.py", "delta/text.txt", "shared/epsilon/__init__.py",
        "shared/epsilon/data/table.csv", "Alpha-1.2.dist-info/METADATA", "beta_dist-2.0.dist-info/METADATA",
        "delta-3.0.dist-info/METADATA", "epsilon-4.0.dist-info/METADATA",
    }  # fmt: skip


@LAYERS
def test_what_is_beside_a_package_on_the_host_can_not_be_read(python, layers):
    """By its own path, where that is known: scripts, other packages, the origin of this one."""
    home = Path(python).parent.parent
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    paths = [
        home / "bin" / "alpha", home / "pyvenv.cfg", site / "gamma" / "__init__.py", site / "bare.py",
        site / "Alpha-1.2.dist-info" / "direct_url.json", site / "Alpha-1.2.dist-info" / "RECORD", "/etc/passwd",
    ]  # fmt: skip
    program = f"for path in {list(map(str, paths))}:\n    try:\n        open(path)\n    except OSError:\n        continue\n    print(path)\nprint('none')"

    assert printed(Jail(python=python, layers=layers, allow=("alpha",)), program) == "none"


@LAYERS
def test_a_package_is_read_only(python, layers):
    """Neither its files nor its folders can be changed, so no program leaves anything in it."""
    program = """
import alpha, os
for change in (lambda: open(alpha.__file__, "a"), lambda: open(alpha.__path__[0] + "/new.py", "w"),
               lambda: os.remove(alpha.__file__), lambda: os.mkdir(alpha.__path__[0] + "/new")):
    try:
        change()
    except OSError:
        continue
    print("changed")
print("none")
"""

    assert printed(Jail(python=python, layers=layers, allow=("alpha",)), program) == "none"


@LAYERS
def test_a_compiled_module_of_a_package_is_loaded(python, layers):
    """As most of what is fast has them."""
    if not compiled_module():
        pytest.skip("no compiled module of this library is a file of its own")
    program = "from alpha import _bisect\nprint(_bisect.bisect_left([1, 2], 2), _bisect.__file__.endswith('.so'))"

    assert printed(Jail(python=python, layers=layers, allow=("alpha",)), program) == "1 True"


@pytest.mark.parametrize(
    ("name", "module", "versions"),
    [
        ("Beta_Dist", "beta_module", {"beta-dist": "2.0", "delta": "3.0", "epsilon": "4.0"}),
        ("beta_module", "beta_module", {"beta-dist": "2.0", "delta": "3.0", "epsilon": "4.0"}),
        ("zeta", "shared.eta", {"delta": "3.0", "zeta": "5.0"}),
        ("Old-Name", "old", {"old-name": "1.0"}),
        ("old", "old", {"old-name": "1.0"}),
        ("bare", "bare", {"bare": ""}),
        ("json", "json", {}),
    ],
)
def test_a_package_is_named_as_it_is_installed_or_imported(python, name, module, versions):
    """In any spelling of the first; without metadata, or with as little as a Linux distribution's, too."""
    jail = Jail(python=python, allow=(name,))

    assert printed(jail, f"import {module}\nprint(1)") == "1"
    assert known_report(jail).packages == versions


@pytest.mark.parametrize("name", ["nosuch", "..", "../../bin", "/etc", "alpha/..", ""])
def test_a_package_that_is_not_installed_is_refused_by_name(python, name):
    """In one line; what is not the name of a package is none that is installed."""
    with pytest.raises(Refused) as refusal:
        probe(Jail(python=python, allow=("alpha", name)))

    text = str(refusal.value)
    assert ("\n" not in text, f"--allow {name}: " in text, python in text, "alpha:" not in text) == (True,) * 4


def test_a_package_can_be_preloaded(python):
    """It is there before the program asks for it, for the tests as well."""
    test = AssertTest(code="import sys\nassert 'alpha' in sys.modules and f() == '1.2'", names=("f",))

    with Judge(Jail(python=python, allow=("alpha",), preload=("alpha",))) as judge:
        judgement = judge.judge("import sys\ndef f(): return sys.modules['alpha'].__version__", (test,))

    assert judgement.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(("module", "hint"), [("nosuch", "No module named 'nosuch'"), ("alpha.x", "--allow alpha")])
def test_a_module_that_is_not_there_is_not_preloaded(python, module, hint):
    """The line names the module, and not the interpreter as the fault."""
    with pytest.raises(Refused) as refusal:
        probe(Jail(python=python, preload=(module,)))

    text = str(refusal.value)
    assert ("\n" not in text, f"--preload {module}: " in text, hint in text) == (True, True, True)
    assert "3.10" not in text


NAMES = st.sampled_from(["a", "b", "c", "__init__"])
FILES = st.sets(st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".py"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(ours=FILES, theirs=FILES)
def test_all_of_a_distribution_is_shown_and_nothing_of_another(ours, theirs):
    """Whatever folders they share; but a folder with an `__init__` of its own is shown whole."""
    theirs -= ours
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        for name, files in (("ours", ours), ("theirs", theirs)):
            install(site, name, "1", dict.fromkeys(files, ""))
        found = packages._find(["ours"], [folder])  # noqa: SLF001 - without a process of its own

    def is_shown(file):
        return any(file == place or file.startswith(place + "/") for place in found.shown.values())

    in_packages = {file.rpartition("/")[0] for file in ours if file.endswith("/__init__.py")}
    shared = {file for file in theirs if any(file.startswith(package + "/") for package in in_packages)}
    assert all(map(is_shown, ours))
    assert {file for file in theirs if is_shown(file)} == shared
    assert found.versions == {"ours": "1"}
