"""What a program can't do where the kernel's Landlock is older than this host's, and what is said of such a kernel.

An older kernel is simulated: the template is told that Landlock speaks an older version, so the rule set lacks what that
version lacks.
"""

import os
import struct
import subprocess
import sys

import pytest
from another_user import as_another, summary

from sandbox import clients
from sandbox import jail as jails
from sandbox.inside.layers import landlock
from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, probe
from sandbox.judge import Judge
from sandbox.records import Refused, StdioTest, Verdict

pytestmark = pytest.mark.slow

CONTAINER = ALL_LAYERS - NAMESPACES
NO_LANDLOCK = """
def syscall(name, *_):
    raise OSError({number}, "not here")
landlock.syscall = syscall
"""
KILLS = """
import fcntl, os, signal, socket
def tried(deed, *arguments):
    try:
        deed(*arguments)
    except OSError:
        pass
for target in PIDS:
    one, other = socket.socketpair()
    for command, argument in ((10, signal.SIGKILL), (8, target), (15, bytes([1, 0, 0, 0]) + target.to_bytes(4, 'little'))):
        tried(fcntl.fcntl, one, command, argument)
    tried(fcntl.fcntl, one, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    tried(other.send, b'x')
    tried(os.kill, target, signal.SIGKILL)
print(1)
"""
CUTS = """
import os
for cut in (
    lambda: os.truncate(PATH, 0), lambda: os.open(PATH, os.O_RDONLY | os.O_TRUNC), lambda: os.open(PATH, 3 | os.O_TRUNC)
):
    try:
        cut()
    except OSError:
        pass
print(1)
"""
PRINTS_ONE = StdioTest(stdin="", expected_stdout="1")


@pytest.fixture
def older(monkeypatch):
    """Return a function that has every template of this test run some lines on our module for Landlock first."""

    def older(lines):
        first = "import sys; sys.path.insert(0, sys.argv[1])\nfrom sandbox.inside.layers import landlock\n"
        monkeypatch.setattr(clients, "_BOOT", f"{first}{lines}\n{clients._BOOT}")  # noqa: SLF001 - the way in
        jails._known.clear()  # noqa: SLF001 - it knows this host as it is

    yield older
    monkeypatch.undo()
    jails._known.clear()  # noqa: SLF001 - it knows this host as it was


@pytest.mark.parametrize("version", [1, 3, 5])
def test_without_the_scope_of_signals_judge_and_bystander_live(older, version):
    """Without namespaces either, a program that names them as receivers of SIGKILL reaches nobody."""
    older(f"landlock.abi = lambda: {version}")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        with Judge(Jail(layers=CONTAINER)) as judge:
            templates = judge._candidates._process, judge._examiner._template._process  # noqa: SLF001 - who else knows
            pids = [bystander.pid, os.getpid(), *(process.pid for process in templates)]
            program = KILLS.replace("PIDS", f"[os.getppid(), *{pids}]")
            judgement = judge.judge(program, (PRINTS_ONE,))
            alive = [process.poll() for process in (bystander, *templates)]
        bystander.communicate(b"\n")

    assert (judgement.verdict, alive, bystander.returncode) == (Verdict.ACCEPTED, [None] * 3, 0)


def test_without_landlocks_truncating_files_keep_their_length(older, tmp_path):
    """No more than by writing can a file be cut that a program may not write to."""
    older("landlock.abi = lambda: 2")
    path = tmp_path / "file"
    path.write_text("secret")
    path.chmod(0o666)
    with Judge(Jail(layers=CONTAINER)) as judge:
        judgement = judge.judge(CUTS.replace("PATH", repr(str(path))), (PRINTS_ONE,))

    assert (judgement.verdict, path.read_text()) == (Verdict.ACCEPTED, "secret")


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become somebody else; as an ordinary user all tests are this"
)
def test_an_ordinary_user_is_as_safe_on_an_old_kernel():
    """Whose programs run under his own user id."""
    tests = (
        "without_the_scope_of_signals_judge_and_bystander_live",
        "without_landlocks_truncating_files_keep_their_length",
    )

    ended = as_another(
        [f"test_old_kernels.py::test_{name}" for name in tests], user=65534, group=65534, extra_groups=[]
    )

    assert (ended.returncode, "skipped" in summary(ended)) == (0, False), summary(ended)


@pytest.mark.parametrize(
    ("version", "lacking"),
    [
        (1, {"from folder to folder", "truncating", "TCP", "signals"}), (2, {"truncating", "TCP", "signals"}),
        (3, {"TCP", "signals"}), (5, {"signals"}), (6, set()), (7, set()),
    ],
)  # fmt: skip
def test_what_an_older_landlock_lacks_is_named(version, lacking):
    """And what follows, in one line; nothing where nothing is lacking."""
    text = landlock.describe_abi(version)

    assert {word for word in ("from folder to folder", "truncating", "TCP", "signals") if word in text} == lacking
    assert ("\n" in text, "older kernel" in text) == (False, bool(lacking))


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        (1, [0x1FFF]), (2, [0x3FFF]), (3, [0x7FFF]), (4, [0x7FFF, 3]), (5, [0xFFFF, 3]), (6, [0xFFFF, 3, 3]),
        (7, [0xFFFF, 3, 3]),
    ],
)  # fmt: skip
def test_a_rule_set_handles_all_that_its_version_knows(monkeypatch, version, fields):
    """File rights, TCP, abstract sockets with signals: `struct landlock_ruleset_attr` as the kernel documents it."""
    asked = []
    monkeypatch.setattr(landlock, "abi", lambda: version)
    monkeypatch.setattr(landlock, "syscall", lambda _, attributes, *_rest: asked.append(attributes) or 0)

    landlock.ruleset([], [], [])

    assert [list(struct.unpack(f"={len(each) // 8}Q", each)) for each in asked] == [fields]


def test_the_report_tells_of_an_older_landlock(older):
    """As doctor prints it."""
    older("landlock.abi = lambda: 5")

    how = probe(Jail(layers=CONTAINER)).layers["landlock"]

    assert how == "in force (ABI 5, an older kernel: signals and abstract sockets are left to seccomp and namespaces)"


@pytest.mark.parametrize(("number", "why"), [(38, "needs Linux 5.13 or newer"), (95, "is switched off at boot")])
def test_a_refusal_tells_why_landlock_is_absent(older, number, why):
    """And what follows: nothing would hide the host's files."""
    older(NO_LANDLOCK.format(number=number))

    with pytest.raises(Refused) as refusal:
        probe(Jail(layers=CONTAINER))

    text = str(refusal.value)
    assert ("\n" in text, f"Landlock {why}" in text, "hides the host's files" in text) == (False, True, True), text
