"""What the jail is made of, which of it this host gives, and what a program can't do inside."""

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from sandbox.isolation.interpreter import standard_library
from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, Refused, probe
from sandbox.judge import Judge
from sandbox.testcase import AssertTest, CallTest, StdioTest
from sandbox.verdict import Verdict

ROOT = Path(__file__).parent.parent.parent
NEEDED = frozenset({"seccomp", "rlimits", "privileges"})
FALLBACK = ALL_LAYERS - NAMESPACES

SYSCALL = "import ctypes\ncall = ctypes.CDLL(None, use_errno=True).syscall\ndef syscall(*a):\n    if call(*a) < 0: raise OSError(ctypes.get_errno(), 'no')\n"
FORBIDDEN = {
    # reading
    "read_passwd": "open('/etc/passwd').read()",
    "read_shadow": "open('/etc/shadow').read()",
    "read_a_file_of_the_user": "open(VICTIM).read()",
    "read_our_own_source": "open(SOURCE).read()",
    "list_the_home": "assert len(os.listdir(HOME)) > 1",  # the folder of the interpreter may be there
    "list_a_folder_of_the_user": "os.listdir(os.path.dirname(VICTIM))",
    "list_etc": "assert 'passwd' in os.listdir('/etc')",
    "list_sys": "os.listdir('/sys')",
    "read_through_a_link": "os.symlink(VICTIM, 'link'); open('link').read()",
    "read_through_a_hard_link": "os.link(VICTIM, 'link'); open('link').read()",
    "read_by_descriptor_of_a_path": "open('/proc/self/fd/%d' % os.open(VICTIM, os.O_PATH)).read()",
    "read_beside_a_root": "open('/proc/self/root' + VICTIM).read()",
    "read_beside_the_working_folder": "open('/proc/self/cwd/../../../../../../..' + VICTIM).read()",
    "read_environment_of_init": "assert open('/proc/1/environ').read()",
    "read_memory_of_init": "open('/proc/1/mem', 'rb').read(1)",
    "read_memory_of_the_parent": "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "read_kernel_log": "open('/dev/kmsg').read(1)",
    "read_a_disk": "os.mknod('disk', 0o60666, os.makedev(8, 0)); open('disk', 'rb').read(1)",
    "import_what_is_not_offered": "import pytest",
    # writing
    "write_to_the_home": "open(os.path.join(HOME, 'proctor-was-here'), 'w')",
    "write_to_root_home": "open('/root/proctor-was-here', 'w')",
    "write_a_file_of_the_user": "open(VICTIM, 'a').write('x')",
    "truncate_a_file_of_the_user": "os.truncate(VICTIM, 0)",
    "remove_a_file_of_the_user": "os.unlink(VICTIM)",
    "rename_a_file_of_the_user": "os.rename(VICTIM, 'mine')",
    "write_beside_a_file_of_the_user": "open(VICTIM + '.new', 'w')",
    "write_to_var_tmp": "open('/var/tmp/proctor-was-here', 'w')",
    "write_to_the_root": "os.mkdir('/proctor-was-here')",
    "write_to_the_library": "open(os.path.join(os.path.dirname(os.__file__), 'proctor_was_here.py'), 'w')",
    "write_to_numpy": "import numpy; open(os.path.join(os.path.dirname(numpy.__file__), 'proctor_was_here.py'), 'w')",
    "change_the_mode_of_a_file": "os.chmod(VICTIM, 0o600)",
    "change_the_mode_of_a_file_by_descriptor": "os.chmod('/proc/self/fd/%d' % os.open(VICTIM, os.O_PATH), 0o600)",
    "change_the_mode_of_a_folder": "os.chmod(os.path.dirname(VICTIM), 0o777)",
    "change_the_times_of_a_file": "os.utime(VICTIM, (0, 0))",
    "change_the_owner_of_a_file": "os.chown(VICTIM, os.getuid() + 1, -1)",
    "change_attributes_of_a_file": "os.setxattr(VICTIM, 'user.proctor', b'x')",
    "write_a_kernel_setting": "open('/proc/sys/kernel/hostname', 'w').write('x')",
    "run_what_it_wrote": "open('run', 'w').write('#!/bin/sh'); os.chmod('run', 0o755); os.execv('run', ['run'])",
    # other processes
    "signal_the_judge": "os.kill(JUDGE, 0)",
    "see_other_processes": "assert {int(n) for n in os.listdir('/proc') if n.isdigit()} - {1, os.getpid()}",
    "see_the_judge": "os.listdir(f'/proc/{JUDGE}/fd')",
    "start_a_program": "os.execv(sys.executable, [sys.executable, '-c', ''])",
    "start_a_shell": "assert os.system('true') == 0",
    "start_a_subprocess": "import subprocess; subprocess.run(['true'])",
    "trace_itself": SYSCALL + "syscall(101, 0, 0, 0, 0)",
    "trace_the_parent": SYSCALL + "syscall(101, 16, os.getppid(), 0, 0)",
    "read_foreign_memory": SYSCALL + "syscall(310, os.getppid(), 0, 0, 0, 0, 0)",
    "take_a_foreign_descriptor": SYSCALL + "syscall(438, os.pidfd_open(os.getppid()), 1, 0)",
    "change_priorities": "os.setpriority(os.PRIO_PROCESS, 0, -5)",
    "change_limits_of_the_parent": "import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
    "raise_its_limits": "import resource; resource.setrlimit(resource.RLIMIT_CPU, (999, 999))",
    # the network and other ways out
    "open_a_socket": "import socket; socket.socket()",
    "open_an_udp_socket": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "open_a_unix_socket": "import socket; socket.socket(socket.AF_UNIX)",
    "open_a_raw_socket": "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "open_a_netlink_socket": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "connect": "import socket; socket.create_connection(('127.0.0.1', 22), 1)",
    "shared_memory_of_system_v": SYSCALL + "syscall(29, 1, 4096, 0o1666)",
    "message_queue": SYSCALL + "syscall(240, b'/q', 0o102, 0o666, 0)",
    "key_ring": SYSCALL + "syscall(250, 0, -3, 1)",
    # privileges
    "become_root": "os.setuid(0); assert os.getuid() == 0 and open('/proc/1/mem', 'rb').read(1)",
    "change_root": "os.chroot('.')",
    "mount": SYSCALL + "syscall(165, b'none', b'.', b'tmpfs', 0, 0)",
    "leave_its_namespaces": SYSCALL + "syscall(272, 0x10000000)",
    "clone_into_a_user_namespace": SYSCALL + "syscall(56, 0x10000011, 0, 0, 0, 0)",
    "enter_a_namespace": "os.open('/proc/1/ns/mnt', 0)",
    "set_the_host_name": "import socket; socket.sethostname('x')",
    "set_the_clock": "import time; time.clock_settime(time.CLOCK_REALTIME, time.time())",
    "load_bpf": SYSCALL + "syscall(321, 0, 0, 0)",
    "count_events": SYSCALL + "syscall(298, 0, 0, -1, -1, 0)",
    "io_uring": SYSCALL + "syscall(425, 1, 0)",
    "memory_file_to_execute": SYSCALL + "syscall(319, b'x', 0)",
    "fault_handling": SYSCALL + "syscall(323, 1)",
    "type_into_a_terminal": "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",
}  # fmt: skip


@pytest.fixture
def victim(tmp_path):
    """Return a file of the user outside the jail, which anybody may read and write."""
    path = tmp_path / "secret"
    path.write_text("secret")
    path.chmod(0o666)
    return path


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are x86_64's")
@pytest.mark.parametrize("deed", FORBIDDEN)
def test_what_is_forbidden_fails(any_judge, victim, deed):
    """With namespaces and without them, the deed raises an error and the user's file is as it was."""
    before = os.stat(victim), os.stat(victim.parent).st_mode
    words = {"VICTIM": str(victim), "HOME": str(Path.home()), "SOURCE": str(ROOT / "sandbox/judge.py"), "JUDGE": os.getpid()}
    lines = "\n    ".join(FORBIDDEN[deed].splitlines())
    program = (
        "import os, sys\n" + "".join(f"{name} = {value!r}\n" for name, value in words.items())
        + f"try:\n    {lines}\nexcept (OSError, ImportError, AssertionError, ValueError) as error:\n    print('refused')\n"
        "else:\n    print('done')\n"
    )  # fmt: skip

    judgement = any_judge.judge(program, (StdioTest(stdin="", expected_stdout="refused"),))

    assert judgement.verdict is Verdict.ACCEPTED
    after = os.stat(victim), os.stat(victim.parent).st_mode
    assert (before[0].st_mode, before[0].st_mtime_ns, before[0].st_nlink, before[1]) == (
        after[0].st_mode, after[0].st_mtime_ns, after[0].st_nlink, after[1],
    )  # fmt: skip


def test_no_process_can_be_started_without_namespaces(bare_judge):
    """Where no pid namespace would end them, there are none: a thread is all that a program can start."""
    program = "import os, threading\ntry:\n    os.fork()\nexcept OSError:\n    threading.Thread(target=print, args=(1,)).start()"

    assert bare_judge.judge(program, (StdioTest(stdin="", expected_stdout="1"),)).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("whom", ["os.getppid()", "1", "-1", "-os.getppid()", "os.getpgid(os.getppid())"])
def test_nobody_can_be_signalled_without_namespaces(bare_judge, whom):
    """Not the zygote, not init, not all at once: not even with signal 0."""
    program = f"import os\ntry:\n    os.kill({whom}, 0)\nexcept OSError:\n    print(1)"

    assert bare_judge.judge(program, (StdioTest(stdin="", expected_stdout="1"),)).verdict is Verdict.ACCEPTED


def test_signals_to_all_that_it_can_reach_hurt_nobody_else(any_judge):
    """A program that sends every signal to every process number is judged, and so is the next one."""
    program = """
import os, signal
for number in range(1, 65):
    for pid in {1, 2, os.getppid(), -os.getppid(), *range(-1, 20)} - {os.getpid(), 0}:
        try:
            if pid != -1 or number not in (9, 19):
                os.kill(pid, number)
        except OSError:
            pass
"""
    silent, one = StdioTest(stdin="", expected_stdout=""), StdioTest(stdin="", expected_stdout="1")

    assert any_judge.judge(program, (silent,)).verdict in (Verdict.ACCEPTED, Verdict.RUNTIME_ERROR)
    assert any_judge.judge("print(1)", (one,)).verdict is Verdict.ACCEPTED


def test_a_program_has_no_descriptors_but_its_own(any_judge):
    """0, 1 and 2: nothing of the zygote, the judge or the examiner is left open."""
    program = "import os\nfor fd in range(1024):\n    try:\n        os.fstat(fd)\n    except OSError:\n        continue\n    print(fd)"

    assert any_judge.judge(program, (StdioTest(stdin="", expected_stdout="0\n1\n2"),)).verdict is Verdict.ACCEPTED


JUDGED = {
    "stdio": StdioTest(stdin="20\n22\n", expected_stdout="42\n"),
    "call": CallTest(function="f", arguments=([20], 22), expected=42),
    "assert": AssertTest(code="x = [20]\nassert f(x, 22) == 42 and x == [20, 0]", names=("f",)),
}
ADDS = "def f(x, y):\n    x.append(0)\n    return x[0] + y\nif __name__ == '__main__':\n    print(f([int(input())], int(input())))\n"


def judged(jail):
    """Return the verdicts of a right program under every kind of test in a jail of one's own."""
    with Judge(jail) as judge:
        return {kind: judge.judge(ADDS, (test,)).verdict.value for kind, test in JUDGED.items()}


RIGHT = dict.fromkeys(JUDGED, "accepted")


@pytest.mark.parametrize("kind", JUDGED)
def test_a_right_program_is_accepted(any_judge, kind):
    """Every kind of test works with namespaces and without."""
    assert any_judge.judge(ADDS, (JUDGED[kind],)).verdict is Verdict.ACCEPTED


def test_the_probe_reports_every_layer():
    """Each layer is in force or absent, with words; and the interpreter's version is told."""
    report = probe(Jail())

    assert report.python == ".".join(map(str, sys.version_info[:3]))
    assert sorted(report.layers) == sorted(ALL_LAYERS)
    assert [how for how in report.layers.values() if not how.startswith(("in force", "absent: "))] == []


@pytest.mark.parametrize("layer", sorted(ALL_LAYERS - NEEDED))
def test_a_layer_left_out_is_reported_absent(layer):
    """What was not asked for is absent, and said to be so; programs are judged all the same."""
    jail = Jail(layers=ALL_LAYERS - {layer})

    assert probe(jail).layers[layer] == "absent: not asked for"
    assert judged(jail) == RIGHT


@pytest.mark.parametrize(
    "layers",
    [*(ALL_LAYERS - {layer} for layer in sorted(NEEDED)), ALL_LAYERS - {"mount", "landlock"}, NAMESPACES, NEEDED, frozenset({"rlimits"})],
    ids=lambda layers: ",".join(sorted(ALL_LAYERS - layers)),
)  # fmt: skip
def test_less_than_needed_is_refused(layers):
    """One line that says what is missing, and the way out."""
    with pytest.raises(Refused) as refusal:
        probe(Jail(layers=layers))

    text = str(refusal.value)
    assert ("\n" not in text, "--isolation none" in text, "not asked for" in text) == (True, True, True)


def test_a_refused_jail_starts_no_judge():
    """What `probe` refuses, no judge will do with."""
    with pytest.raises(Refused):
        Judge(Jail(layers=ALL_LAYERS - {"seccomp"}))


def test_no_isolation_at_all_may_be_spelled_out():
    """An empty set of layers is the caller's word that programs are trusted: all are absent, and all works."""
    jail = Jail(layers=frozenset())

    assert set(probe(jail).layers.values()) == {"absent: not asked for"}
    assert judged(jail) == RIGHT


def interpreters():
    """Return other CPythons on this host that really run, by version."""
    names = [shutil.which(f"python3.{minor}") for minor in range(8, 16)]
    places = [*filter(None, names), *glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python3"))]
    found = {}
    for path in places:
        asked = [path, "-c", "import sys; print(sys.implementation.name, *sys.version_info[:2])"]
        ended = subprocess.run(asked, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
        name, *version = ended.stdout.split() or [""]
        if name == "cpython":
            found.setdefault(tuple(map(int, version)), path)
    return {version: path for version, path in sorted(found.items()) if version != sys.version_info[:2]}


OTHERS = interpreters()
NEW = [pytest.param(path, id=".".join(map(str, version))) for version, path in OTHERS.items() if version >= (3, 10)]
OLD = [pytest.param(path, id=".".join(map(str, version))) for version, path in OTHERS.items() if version < (3, 10)]
NONE = [pytest.param("", marks=pytest.mark.skip(reason="no other CPython of that kind runs on this host"))]


@pytest.mark.parametrize("python", NEW or NONE)
@pytest.mark.parametrize("layers", [ALL_LAYERS, FALLBACK], ids=["all_layers", "no_namespaces"])
def test_programs_run_in_another_python(python, layers):
    """The interpreter asked for is the one that runs the program, and every kind of test works in it."""
    jail = Jail(python=python, layers=layers)
    version = probe(jail).python

    with Judge(jail) as judge:
        printed = judge.judge(
            "import sys\nprint('.'.join(map(str, sys.version_info[:3])))", (StdioTest(stdin="", expected_stdout=version),)
        )

    assert printed.verdict is Verdict.ACCEPTED
    assert judged(jail) == RIGHT


@pytest.mark.parametrize("python", OLD or NONE)
def test_a_python_too_old_is_refused(python):
    """One line with the path and the oldest version that will do."""
    with pytest.raises(Refused) as refusal:
        probe(Jail(python=python))

    text = str(refusal.value)
    assert ("\n" not in text, python in text, "3.10" in text) == (True, True, True)


@pytest.mark.parametrize("python", ["/bin/true", "/bin/cat", "/nonexistent/python", "/", __file__, ""])
def test_a_python_that_is_none_is_refused(python):
    """One line with the path and what it should be."""
    with pytest.raises(Refused) as refusal:
        probe(Jail(python=python))

    text = str(refusal.value)
    assert ("\n" not in text, python in text, "3.10" in text) == (True, True, True)


def test_a_module_that_cannot_be_preloaded_is_refused():
    """One line that names it."""
    with pytest.raises(Refused, match="nosuch_module"):
        probe(Jail(preload=("nosuch_module",)))


def test_preloaded_modules_are_warm():
    """numpy is there before the program asks for it."""
    test = StdioTest(stdin="", expected_stdout="True")

    with Judge(Jail(preload=("numpy",))) as judge:
        judgement = judge.judge("import sys\nprint('numpy' in sys.modules)", (test,))

    assert judgement.verdict is Verdict.ACCEPTED


def test_numpy_is_not_loaded_unasked(judge):
    """A bare zygote stays small."""
    test = StdioTest(stdin="", expected_stdout="False")

    assert judge.judge("import sys\nprint('numpy' in sys.modules)", (test,)).verdict is Verdict.ACCEPTED


def test_a_jail_without_namespaces_leaves_no_folder():
    """Its writable folder lies on the host, and is gone when the judge is closed."""
    program = "import os\nos.makedirs('a/b')\nos.chmod('a', 0)\nprint(os.getcwd())"

    with Judge(Jail(layers=FALLBACK)) as judge:
        (outcome,) = judge.judge(program, (StdioTest(stdin="", expected_stdout="\0"),)).per_test
        folder = Path(outcome.actual.strip())
        there = folder.exists()

    assert (there, folder.exists()) == (True, False)


def reachable_python():
    """Return an interpreter that every user can start and that knows our packages, or None."""
    path = shutil.which("python3", path="/usr/bin:/usr/local/bin:/opt/bin")
    if path is None or not os.stat(ROOT).st_mode & 0o005:
        return None
    asked = [path, "-c", "import sys; print(sys.version_info[:2] == (%d, %d))" % sys.version_info[:2]]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    return path if ended.stdout == "True\n" else None


def as_another(*before, **how):
    """Run this file's tests of confinement in another process, as another user or in another place; return its end."""
    python = reachable_python()
    if python is None:
        pytest.skip(f"no python3.{sys.version_info[1]} in /usr/bin that other users can start")
    packages = Path(numpy.__file__).parent.parent
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"}
    names = ["test_what_is_forbidden_fails", "test_a_right_program_is_accepted", "test_the_probe_reports_every_layer",
             "test_a_jail_without_namespaces_leaves_no_folder", "test_a_program_has_no_descriptors_but_its_own"]  # fmt: skip
    return subprocess.run(
        [*before, python, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no", "-q",
         *(f"{__file__}::{name}" for name in names)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, **how,
    )  # fmt: skip


def summary(ended):
    """Return the last line of pytest where it passed, and all that it said where it did not."""
    return ended.stdout.splitlines()[-1] if ended.returncode == 0 else ended.stdout + ended.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else; as an ordinary user all tests are this")
def test_an_ordinary_user_is_as_safe():
    """The same confinement where the judge is an ordinary user."""
    ended = as_another(user=65534, group=65534, extra_groups=[])

    assert (ended.returncode, "skipped" in summary(ended)) == (0, False), summary(ended)


NO_NAMESPACES = 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps -all --ambient-caps -all "$0" "$@"'
HOSTS = {
    "ordinary_user": ["--user", "--map-user=1000", "--keep-caps"],
    "root_of_a_container": ["--user", "--map-root-user"],
}


@pytest.mark.parametrize("who", HOSTS)
def test_a_host_without_user_namespaces_is_as_safe(who):
    """The same confinement where the kernel forbids user namespaces, by its own switch."""
    if not (shutil.which("unshare") and shutil.which("setpriv")):
        pytest.skip("needs unshare and setpriv of util-linux")
    before = ["unshare", *HOSTS[who], "sh", "-c", NO_NAMESPACES]
    how = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    if subprocess.run([*before, "true"], check=False, capture_output=True, **how).returncode != 0:
        pytest.skip("this host lets nobody make a user namespace to forbid them in")

    ended = as_another(*before, **how)

    assert (ended.returncode, "skipped" in summary(ended)) == (0, False), summary(ended)
