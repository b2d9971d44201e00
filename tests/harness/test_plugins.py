"""Plugins are found by name, file or module, or the user is told what there is."""

import pytest

from harness.benchmarks.benchmark import Benchmark
from harness.benchmarks.mbpp import mbpp
from harness.errors import UserError
from harness.plugins import names, resolve

GROUP = "proctor.benchmarks"


def test_a_registered_name():
    """The entry points of this distribution are found."""
    assert {"mbpp", "mini"} <= set(names(GROUP))
    assert resolve(GROUP, "mbpp", Benchmark) is mbpp


def test_a_module_and_a_file(tmp_path):
    """`module:attr` and `path.py:attr` name an object without registering it."""
    path = tmp_path / "mine.py"
    path.write_text(
        "from harness.benchmarks.benchmark import Benchmark\nmine = Benchmark(name='mine', problems=None)\n"
    )

    assert resolve(GROUP, "harness.benchmarks.mbpp:mbpp", Benchmark) is mbpp
    assert resolve(GROUP, f"{path}:mine", Benchmark).name == "mine"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("mbqq", r"there is no benchmark 'mbqq'\. Choose from .*mbpp"),
        ("gone.py:mine", r"gone\.py: there is no such file"),
        ("no_such_module.at_all:mine", "there is no module 'no_such_module.at_all'"),
        ("harness.no_such_module:mine", "there is no module 'harness.no_such_module'"),
        ("harness.benchmarks.mbpp:mine", "has no 'mine'"),
        ("harness.benchmarks.hub:fetch", "is of type function and not a Benchmark; name a benchmark"),
    ],
)
def test_what_is_not_there(name, problem):
    """Unknown names, files, modules, attributes and types are the user's to correct."""
    with pytest.raises(UserError, match=problem):
        resolve(GROUP, name, Benchmark)


def test_a_fault_inside_a_plugin_is_left_alone(tmp_path):
    """What a plugin fails to import is its own error, not an unknown plugin."""
    path = tmp_path / "broken.py"
    path.write_text("import no_such_module\n")

    with pytest.raises(ModuleNotFoundError):
        resolve(GROUP, f"{path}:mine", Benchmark)
