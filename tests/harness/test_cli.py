"""The command line apart from `score`: selftest, doctor, help and usage errors."""

import errno
import json
import os
import subprocess
import sys

import click
import pytest

from harness.benchmarks import mini as mini_module
from harness.benchmarks.mini import mini
from harness.cli.main import SUBCOMMANDS, TASKS, LazyGroup, proctor, run


def test_the_selftest_agrees_with_the_known_verdicts(tmp_path, monkeypatch, capsys):
    """A reference, a wrong and a crashing program get their verdicts."""
    (tmp_path / "introductory").mkdir()
    (tmp_path / "introductory" / "one.toml").write_text(
        """
        kind = "call"
        statement = "1"
        function = "f"
        cases = [{arguments = "[2]", expected = "3"}]
        reference = "def f(n): return n + 1"
        programs = [
            {verdict = "wrong_answer", why = "minus", code = "def f(n): return n - 1"},
            {verdict = "runtime_error", why = "no argument", code = "def f(): return 3"},
        ]
        """
    )
    monkeypatch.setattr(mini_module, "HOME", tmp_path)

    assert run(["selftest", "--out", str(tmp_path / "run")]) == 0
    assert "3 of 3 verdicts are the known ones" in capsys.readouterr().out


def test_the_selftest_names_what_differs(tmp_path, monkeypatch, capsys):
    """A verdict that is not the known one is told, and is our fault."""
    (tmp_path / "introductory").mkdir()
    (tmp_path / "introductory" / "one.toml").write_text(
        """
        kind = "stdio"
        statement = "1"
        cases = [{stdin = "", stdout = "1"}]
        reference = "print(1)"
        programs = [{verdict = "wrong_answer", why = "planted", code = "print(1)"}]
        """
    )
    monkeypatch.setattr(mini_module, "HOME", tmp_path)

    assert run(["selftest", "--out", str(tmp_path / "run")]) == 3
    out = capsys.readouterr().out
    assert "introductory/one, known programs 0 (planted): accepted instead of wrong_answer" in out
    assert "1 of 2 verdicts" in out


def test_doctor_reports_in_words_and_json(capsys):
    """Layers, cores, versions and plugins."""
    assert run(["doctor"]) == 0
    words = capsys.readouterr().out
    assert run(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert found["cores"] == len(os.sched_getaffinity(0))
    assert found["python"] == sys.version.split()[0]
    assert {"mbpp", "mini"} <= set(found["plugins"]["proctor.benchmarks"])
    assert all(f"{layer}: {state}" in words for layer, state in found["isolation"].items())


def test_an_interpreter_is_found_from_the_working_directory(tmp_path, monkeypatch, capsys):
    """A relative path is the user's, whose folder is not the jail's."""
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)

    assert run(["doctor", "--python", "./python", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["examined_python"] == sys.version.split()[0]


def test_doctor_names_an_intruder(tmp_path):
    """Another distribution's `leaderboards` that hides ours is told by its path."""
    (tmp_path / "leaderboards").mkdir()
    (tmp_path / "leaderboards" / "__init__.py").write_text("")
    doctor = [sys.executable, "-c", "import sys; from harness.cli.main import run; sys.exit(run(['doctor']))"]

    ended = subprocess.run(
        doctor,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert f"{tmp_path / 'leaderboards'} hides our leaderboards" in ended.stderr


def test_help_is_everywhere(capsys):
    """Every subcommand and every option says what it does, in the words of `proctor --help`."""
    group = LazyGroup()
    assert run([]) == 0
    listing = capsys.readouterr().out

    for name, (_, summary) in SUBCOMMANDS.items():
        command = group.get_command(click.Context(proctor), name)
        assert command.help.startswith(summary)
        assert summary in listing
        assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []
        assert run([name, "--help"]) == 0
        capsys.readouterr()


def test_the_version_is_told(capsys):
    """The version is that of the distribution."""
    assert run(["--version"]) == 0
    assert "proctor" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["scare"], ["score"], ["selftest", "--workers", "0"]])
def test_usage_errors_are_one_line(capsys, arguments):
    """They point at the help of the command they belong to."""
    assert run(arguments) == 2

    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "--help" in err


def test_benchmarks_are_listed_in_words_and_json(capsys):
    """Each with its size, licence and the place of its data."""
    assert run(["benchmarks"]) == 0
    words = capsys.readouterr().out
    assert run(["benchmarks", "--json"]) == 0
    found = {listing["name"]: listing for listing in json.loads(capsys.readouterr().out)}

    assert found["mini"]["source"] == "ships with proctor"
    assert found["mbpp"]["licence"] == "CC-BY-4.0"
    assert all(listing["about"] in words and listing["size"] in words for listing in found.values())
    assert f"{len(mini.problems(None))} problems" in found["mini"]["size"]


def test_a_subcommand_that_is_nearly_one_is_suggested(capsys):
    """In the same line as the error; where none is near, none."""
    assert run(["scor"]) == 2
    assert "No such command 'scor'. Did you mean 'score'?" in capsys.readouterr().err
    assert run(["xyzzy"]) == 2
    assert "Did you mean" not in capsys.readouterr().err


def test_help_lists_every_subcommand_by_task(capsys):
    """Each once, and in one column."""
    assert run(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()

    sections = [line.removesuffix(":") for line in lines if line.endswith(":") and not line.startswith(" ")]
    listed = [line.split() for line in lines if line.startswith("  ") and line.split()[0] in SUBCOMMANDS]

    assert [task for task in sections if task in TASKS] == list(TASKS)
    assert [words[0] for words in listed] == list(SUBCOMMANDS)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/no/place"), "/no/place: can't be read or written"),
        (PermissionError(errno.EACCES, "Permission denied", b"/no/place"), "/no/place: can't be read or written"),
        (OSError(errno.ENOENT, "No such file", "a.tmp", None, "score/a"), "score: can't be read or written"),
        (OSError(errno.ENOSPC, "No space left on device"), "the output: can't be"),
        (ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn"), "pip install 'proctor[train]'"),
    ],
)
def test_what_the_user_can_change_is_one_line(monkeypatch, capsys, error, words):
    """A place that can't be written or that the command line named, a library of an extra."""

    def fail(_context):
        raise error

    monkeypatch.setattr(proctor, "invoke", fail)

    assert run(["score", "--help"]) == 2
    err = capsys.readouterr().err
    assert (err.count("\n"), words in err) == (1, True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files; close other programs, or raise `ulimit"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error; the disk, or the terminal, may be gone"),
        (MemoryError(), "Cannot allocate memory; close other programs, or give --workers fewer"),
    ],
)
def test_what_the_machine_lacks_is_one_line(monkeypatch, capsys, error, words):
    """With exit code 3, for the same command goes on."""

    def fail(_context):
        raise error

    monkeypatch.setattr(proctor, "invoke", fail)

    assert run(["score", "--help"]) == 3
    err = capsys.readouterr().err
    assert (err.count("\n"), words in err) == (1, True)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EBADF, "Bad file descriptor"),
        FileNotFoundError(errno.ENOENT, "No such file", "/ours"),
        BrokenPipeError(),
        ModuleNotFoundError("No module named 'harness.x'", name="harness.x"),
    ],
)
def test_a_failure_of_ours_keeps_its_traceback(monkeypatch, capsys, error):
    """It is for us to read."""

    def fail(_context):
        raise error

    monkeypatch.setattr(proctor, "invoke", fail)

    assert run(["score", "--help"]) == 3
    assert "Traceback" in capsys.readouterr().err
