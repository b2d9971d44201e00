"""What a program can't do inside the jail, with namespaces and without."""

import os
import signal
import threading
from pathlib import Path

import pytest
from census import children_of, wardens_of

from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, probe
from sandbox.judge import Judge
from sandbox.records import StdioTest, Verdict

ROOT = Path(__file__).parent.parent.parent


SYSCALL = """
import ctypes
call = ctypes.CDLL(None, use_errno=True).syscall
def syscall(*arguments):
    if call(*arguments) < 0:
        raise OSError(ctypes.get_errno(), 'refused')
"""
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
    "truncate_a_file_by_opening_it": "os.open(VICTIM, os.O_RDONLY | os.O_TRUNC)",
    "truncate_a_file_by_opening_it_for_nothing": "os.open('/dev/null', 3 | os.O_TRUNC)",
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
    "ask_init_for_its_robust_list": SYSCALL + "syscall(274, 1, ctypes.byref(ctypes.c_long()), ctypes.byref(ctypes.c_long()))",
    "choose_who_gets_a_signal": "import fcntl; fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, 1)",
    "choose_which_group_gets_a_signal": "import fcntl; fcntl.fcntl(os.pipe()[0], 15, (2).to_bytes(4, 'little') + b'\\1\\0\\0\\0')",
    "choose_a_signal": "import fcntl; fcntl.fcntl(os.pipe()[0], 10, 9)",
    "choose_a_signal_by_a_wide_number": SYSCALL + "syscall(72, 0, ctypes.c_ulong(10 | 1 << 32), 9)",
    "lease_a_file": "import fcntl; fcntl.fcntl(os.open('own', os.O_CREAT), fcntl.F_SETLEASE, fcntl.F_RDLCK)",
    "be_notified_of_a_folder": "import fcntl; fcntl.fcntl(os.open('.', 0), fcntl.F_NOTIFY, 1)",
    "own_a_descriptor_by_ioctl": "import fcntl; fcntl.ioctl(os.pipe()[0], 0x8901, b'\\1\\0\\0\\0')",
    "become_a_child_of_init": SYSCALL + "syscall(56, 0x8011, 0, 0, 0, 0)",
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
    "ask_about_filters": SYSCALL + "syscall(317, 2, 0, ctypes.byref(ctypes.c_uint32(0x7FFF0000)))",
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
    before = victim.stat(), victim.parent.stat().st_mode
    words = {
        "VICTIM": str(victim),
        "HOME": str(Path.home()),
        "SOURCE": str(ROOT / "sandbox/judge.py"),
        "JUDGE": os.getpid(),
    }
    lines = "\n    ".join(FORBIDDEN[deed].splitlines())
    program = (
        "import os, sys\n" + "".join(f"{name} = {value!r}\n" for name, value in words.items())
        + f"try:\n    {lines}\nexcept (OSError, ImportError, AssertionError, ValueError) as error:\n    print('refused')\n"
        "else:\n    print('done')\n"
    )  # fmt: skip

    judgement = any_judge.judge(program, (StdioTest(stdin="", expected_stdout="refused"),))

    assert judgement.verdict is Verdict.ACCEPTED
    after = victim.stat(), victim.parent.stat().st_mode
    assert (before[0].st_mode, before[0].st_mtime_ns, before[0].st_nlink, before[1]) == (
        after[0].st_mode, after[0].st_mtime_ns, after[0].st_nlink, after[1],
    )  # fmt: skip


def test_no_process_can_be_started_without_namespaces(bare_judge):
    """Where no pid namespace would end them, there are none: a thread is all that a program can start."""
    program = "import os, threading\ntry:\n    os.fork()\nexcept OSError:\n    threading.Thread(target=print, args=(1,)).start()"

    assert bare_judge.judge(program, (StdioTest(stdin="", expected_stdout="1"),)).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    "deed",
    [
        "os.getpgid(os.getppid())", "os.getsid(1)", "os.sched_getaffinity(1)", "os.sched_getparam(os.getppid())",
        "os.sched_getscheduler(1)", "os.getpriority(os.PRIO_USER, 1000)", "time.clock_gettime(~os.getppid() << 3 | 2)",
        "os.pidfd_open(os.getppid())", "os.setpgid(0, 0)", "os.truncate('own', 0)", "os.chmod('own', 0o600)",
        SYSCALL + "syscall(157, 1, 0)",
    ],
)  # fmt: skip
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are x86_64's")
def test_without_namespaces_even_questions_about_others_are_refused(bare_judge, deed):
    """Nor may a program outlive its template, or change by path what may be the user's."""
    lines = "\n    ".join(deed.splitlines())
    program = f"import os, time\nopen('own', 'w')\ntry:\n    {lines}\nexcept OSError:\n    print(1)"

    assert bare_judge.judge(program, (StdioTest(stdin="", expected_stdout="1"),)).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("whom", ["os.getppid()", "1", "-1", "-os.getppid()", "os.getpgid(os.getppid())"])
def test_nobody_can_be_signalled_without_namespaces(bare_judge, whom):
    """Not the template, not init, not all at once: not even with signal 0."""
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
    """0, 1 and 2: nothing of the template, the judge or the examiner is left open."""
    program = "import os\nfor fd in range(1024):\n    try:\n        os.fstat(fd)\n    except OSError:\n        continue\n    print(fd)"

    assert any_judge.judge(program, (StdioTest(stdin="", expected_stdout="0\n1\n2"),)).verdict is Verdict.ACCEPTED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a program another user")
@pytest.mark.parametrize("layers", [ALL_LAYERS, ALL_LAYERS - NAMESPACES], ids=["namespaces", "no_namespaces"])
def test_a_program_has_user_and_group_ids_of_its_own(layers):
    """Real, effective and saved, and no further groups: no file is open to it for the judge's sake."""
    if "user id kept" in probe(Jail(layers=layers)).layers["privileges"]:
        pytest.skip("no other user could reach the interpreter")
    program = "import os\nids = {*os.getresuid(), *os.getresgid()}\nprint(len(ids), 0 in ids, os.getgroups())"
    groups = os.getgroups()
    os.setgroups([*groups, 12345])
    try:
        with Judge(Jail(layers=layers)) as judge:
            judgement = judge.judge(program, (StdioTest(stdin="", expected_stdout="1 False []"),))
    finally:
        os.setgroups(groups)

    assert judgement.verdict is Verdict.ACCEPTED


def test_a_program_leads_a_session_and_a_group_of_its_own(any_judge):
    """So a signal to its group reaches neither its template nor the judge, whatever the kernel."""
    program = "import os\nprint({os.getpid(), os.getpgrp(), os.getsid(0)} == {os.getpid()})"

    assert any_judge.judge(program, (StdioTest(stdin="", expected_stdout="True"),)).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("number", [435, 500])
def test_calls_that_libraries_can_do_without_are_not_there(any_judge, number):
    """`clone3`, whose flags no filter can see, and whatever is newer than our table: callers fall back to older ones."""
    program = (
        "import ctypes, errno\ncall = ctypes.CDLL(None, use_errno=True).syscall\n"
        f"print(call({number}, 0, 0), errno.errorcode[ctypes.get_errno()])"
    )

    assert any_judge.judge(program, (StdioTest(stdin="", expected_stdout="-1 ENOSYS"),)).verdict is Verdict.ACCEPTED


@pytest.fixture
def looked_at(any_judge, wait_for):
    """Return a function that looks at a program while it runs, by its process id, and returns what was seen."""
    (template,) = children_of(wardens_of(any_judge)[0])

    def looked_at(see):
        seen = []

        def look():
            wait_for(lambda: any(len(list(Path(f"/proc/{pid}/task").iterdir())) > 1 for pid in children_of(template)))
            for program in children_of(template):
                seen.append(see(program))
                os.kill(program, signal.SIGKILL)

        looking = threading.Thread(target=look)
        looking.start()
        program = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()"
        any_judge.judge(program, (StdioTest(stdin="", expected_stdout=""),))
        looking.join()
        return seen, see(template)

    return looked_at


def oom_score(pid):
    """Return how gladly the kernel kills a process where memory is short: 1000 is first of all."""
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_where_memory_is_short_the_kernel_kills_a_program_first(looked_at):
    """Then its template, and both before anything else of this host."""
    assert looked_at(oom_score) == ([1000], max(500, oom_score(os.getpid())))


def rights(pid):
    """Return what the kernel says of a process: its capabilities, and the signals that it handles."""
    rows = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return [int(rows[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")], int(rows["SigCgt"], 16)


def test_a_program_has_no_capability(looked_at):
    """Also where it keeps root's user id."""
    ((capabilities, _),), _ = looked_at(rights)

    assert capabilities == [0, 0, 0, 0]


def test_a_template_handles_no_signal(looked_at):
    """As init of its programs it hears only those that it handles: none could be sent to it."""
    _, (_, handled) = looked_at(rights)

    assert handled == 0
