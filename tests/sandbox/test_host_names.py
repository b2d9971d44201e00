"""Names of the host that a program could read: none with all layers, whatever the interpreter's own places are."""

import sys
from pathlib import Path

import pytest
from test_jail import NEW, NONE

from sandbox.inside.layers import neutral
from sandbox.jail import Jail, probe
from sandbox.judge import Judge
from sandbox.records import AssertTest, StdioTest, Verdict

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
LOOKS = """
import asyncio, concurrent.futures, decimal, encodings.idna, importlib.resources, json, os, sysconfig, sys, zoneinfo
found = []
def look(where, what):
    found.extend((where, word, str(what)[:200]) for word in WORDS if word in str(what))
for name in dir(sys):
    look("sys." + name, getattr(sys, name))
look("environment", dict(os.environ))
look("places", sysconfig.get_paths())
for name, module in list(sys.modules.items()):
    for attribute in ("__file__", "__cached__", "__path__", "__spec__", "PREFIXES"):
        look(name + attribute, getattr(module, attribute, ""))
    look(name + " spec", getattr(getattr(module, "__spec__", None), "__dict__", ""))
    look(name + " loader", getattr(getattr(module, "__loader__", None), "__dict__", ""))
frame = sys._getframe()
while frame:
    look("code", frame.f_code.co_filename)
    look("globals", frame.f_globals.get("__file__", ""))
    frame = frame.f_back
for function in (json.loads, os.path.join, concurrent.futures.wait):
    look("function", function.__code__.co_filename)
for path in ("cmdline", "mountinfo", "mounts", "environ", "maps", "cgroup", "status"):
    for who in ("self", "1"):
        try:
            look(path, open(f"/proc/{who}/{path}").read())
        except OSError:
            pass
look("link", os.path.realpath("/proc/self/exe"))
zoneinfo.ZoneInfo("Europe/Berlin")
import inspect
print([row for row in found if row[0] != "link"], "def loads" in inspect.getsource(json.loads))
"""


def words(python):
    """Return what must be seen nowhere: where the interpreter lies, if not the system's place, and where we do."""
    places = {str(ROOT), str(Path.home()), str(Path(python).parent.parent), str(Path(python).resolve().parent.parent)}
    return sorted(place for place in places if len(place) > 1 and not neutral.is_of_the_system(place + "/"))


@pytest.mark.parametrize("python", [pytest.param(sys.executable, id="own"), *(NEW or NONE)])
def test_no_name_of_the_host_is_seen(python):
    """Nor does the library miss its own: it imports, reads its source and its data."""
    layers = probe(Jail(python=python)).layers
    if not all(layers[layer].startswith("in force") for layer in ("mount", "landlock")):
        pytest.skip("without a mount namespace and Landlock the names are there, as docs/sandbox.md says")
    program = f"WORDS = {words(python)!r}\n{LOOKS}"

    with Judge(Jail(python=python)) as judge:
        judgement = judge.judge(program, (StdioTest(stdin="", expected_stdout="[] True"),))

    assert judgement.verdict is Verdict.ACCEPTED, judgement


def test_every_host_has_the_same_name(printed):
    """As `uname` tells it."""
    if not probe(Jail()).layers["uts"].startswith("in force"):
        pytest.skip("no uts namespace here")

    assert printed("import os, socket\nprint(os.uname().nodename, socket.gethostname())") == "proctor proctor\n"


@pytest.mark.parametrize(
    "path", ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"],
)  # fmt: skip
def test_standard_input_opens_by_name_though_proc_is_closed(any_judge, path):
    """As programs in contests do."""
    test = StdioTest(stdin="5\n", expected_stdout="5")

    assert any_judge.judge(f"print(open({path!r}).read())", (test,)).verdict is Verdict.ACCEPTED


def test_a_traceback_in_the_library_names_its_new_place(examine):
    """Its functions' code was told, so its source lines are found."""
    program = "import json, traceback\ndef f():\n    try:\n        json.loads('x')\n    except ValueError:\n        return traceback.format_exc()"

    assert examine(program, "assert 'raise JSONDecodeError' in f()").verdict is Verdict.ACCEPTED


def test_tests_of_functions_import_as_before(judge):
    """The examiner's library has moved, too."""
    test = AssertTest(code="import decimal, json, statistics\nassert statistics.mean(f()) == 2", names=("f",))

    assert judge.judge("def f():\n    return [1, 2, 3]", (test,)).verdict is Verdict.ACCEPTED
