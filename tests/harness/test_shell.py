"""The manners of `proctor` in a shell: completion, streams that are closed or full, other systems."""

import os
import subprocess
import sys

import pytest

from harness.cli.main import SUBCOMMANDS, main
from harness.plugins import names

SHELLS = ("bash", "zsh", "fish")
OF_LINUX = ("fcntl", "grp", "pwd", "resource", "termios")
"""Modules that other systems lack, or have otherwise."""


def command_line(*arguments, before="", stdout=subprocess.PIPE, **environment):
    """Run the command in a process of its own, after some statements."""
    command = [sys.executable, "-c", f"{before}\nfrom harness.cli.main import main; main()", *arguments]
    return subprocess.run(
        command, env=os.environ | environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )


@pytest.fixture
def completions(monkeypatch, capsys):
    """Return a function that gives what a shell is told for a line that ends at its cursor, as types and values."""

    def complete(shell, typed):
        *before, last = typed.split(" ")
        monkeypatch.setenv("_PROCTOR_COMPLETE", f"{shell}_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(before) if shell == "fish" else typed)
        monkeypatch.setenv("COMP_CWORD", last if shell == "fish" else str(len(before)))
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        lines = capsys.readouterr().out.splitlines()
        if shell == "zsh":  # type, value and help, a line each
            return list(zip(lines[::3], lines[1::3], strict=True))
        return [tuple(line.split("\t")[0].split(",", 1)) for line in lines if "," in line]

    return complete


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_its_script(shell):
    """It names the function that asks for completions."""
    ended = command_line(_PROCTOR_COMPLETE=f"{shell}_source")

    assert ended.returncode == 0
    assert "_proctor_completion" in ended.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("proctor sc", {"score"}),
        ("proctor ", set(SUBCOMMANDS)),
        ("proctor compile co", {"codenet"}),
        ("proctor score --benchm", {"--benchmark"}),
        ("proctor score --benchmark ", set(names("proctor.benchmarks"))),
        ("proctor score --extraction la", {"last"}),
        ("proctor score --format evalplus-", {"evalplus-folder"}),
        ("proctor score --isolation secc", {"seccomp"}),
        ("proctor run --backend ", set(names("proctor.backends"))),
        ("proctor run --prompt-card cha", {"chat"}),
        ("proctor train ", set(names("proctor.trainers"))),
        ("proctor train sft --recipe paper-7", {"paper-7b"}),
        ("proctor table --format lat", {"latex"}),
    ],
)
def test_a_shell_completes(completions, shell, typed, wanted):
    """Subcommands, options, and the names of what they take."""
    found = {value for _, value in completions(shell, typed)}

    assert wanted <= found
    assert all(value.startswith(typed.rpartition(" ")[2]) for value in found)


def test_a_shell_completes_files_and_runs(completions, tmp_path, monkeypatch):
    """Where a path is wanted, the shell's own files; of a run also its name."""
    (tmp_path / "runs" / "tries").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert completions("bash", "proctor score --data x") == [("file", "x")]
    assert completions("bash", "proctor score --benchmark ./my") == [("file", "./my")]
    assert completions("bash", "proctor explain t") == [("file", "t"), ("plain", "tries")]


def test_a_full_disk_is_one_line():
    """What can't be printed isn't tried once more as the interpreter ends."""
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        ended = command_line("benchmarks", stdout=full)

    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "the output: can't be read or written: No space left on device" in ended.stderr


def test_a_reader_that_goes_away_is_no_failure():
    """Nothing is said, and the code is that of other programs before `head`."""
    reading, writing = os.pipe()
    os.close(reading)

    ended = command_line("benchmarks", stdout=writing)

    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_another_system_than_linux_is_named():
    """By every command, before an import fails."""
    elsewhere = f"import sys; sys.platform = 'darwin'; sys.modules.update(dict.fromkeys({OF_LINUX}))"

    for arguments in (["doctor"], ["score", "tries.jsonl"], []):
        ended = command_line(*arguments, before=elsewhere)
        said = "proctor: runs on Linux only, and this is darwin; use a machine with Linux\n"
        assert (ended.returncode, ended.stderr) == (2, said)
