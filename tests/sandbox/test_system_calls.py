"""Which system calls name a process, a signal, the owner of a descriptor or a path: docs/sandbox.md says why each may."""

import re
from pathlib import Path

from sandbox.inside.layers.seccomp import allowed

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "sandbox.md"

NAMING = {
    "process": """
        kill tgkill pidfd_open wait4 waitid setpgid getpgid getsid getpriority sched_getaffinity sched_getparam
        sched_getscheduler sched_setaffinity prlimit64 capset clock_gettime clock_getres clock_nanosleep timer_create
        futex fcntl ioctl sendto sendmsg
    """,
    "signal": """
        kill tgkill timer_create clone fork vfork prctl alarm setitimer rt_sigaction rt_sigprocmask rt_sigpending
        rt_sigtimedwait rt_sigsuspend signalfd signalfd4 pselect6 ppoll epoll_pwait epoll_pwait2 fcntl ioctl
    """,
    "owner": "fcntl ioctl sendto sendmsg",
    "path": """
        sendto sendmsg open openat creat stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat
        statfs chdir rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir chmod
        fchmodat chown lchown fchownat utime utimes futimesat utimensat truncate
    """,
}
NAMING_NOTHING = """
    read write close fstat poll lseek mmap mprotect munmap brk rt_sigreturn pread64 pwrite64 readv writev preadv pwritev
    pipe select sched_yield mremap msync madvise dup dup2 pause nanosleep getitimer getpid sendfile recvfrom recvmsg
    shutdown getsockname getpeername setsockopt getsockopt exit uname flock fsync fdatasync ftruncate getdents64 getcwd
    fchdir fchmod fchown umask gettimeofday getrlimit setrlimit getrusage sysinfo times getuid getgid geteuid getegid
    getppid getpgrp setsid getgroups getresuid getresgid setgroups setresuid setresgid sigaltstack fstatfs arch_prctl
    gettid time epoll_create epoll_create1 epoll_ctl epoll_wait set_tid_address timer_settime timer_gettime
    timer_getoverrun timer_delete exit_group set_robust_list splice tee eventfd eventfd2 timerfd_create timerfd_settime
    timerfd_gettime fallocate dup3 pipe2 inotify_init1 getrandom rseq copy_file_range close_range membarrier getcpu
    sched_get_priority_max sched_get_priority_min restart_syscall mlock munlock landlock_create_ruleset
    landlock_add_rule landlock_restrict_self socketpair
"""


def named_by(call):
    """Return what a call names."""
    return {what for what, calls in NAMING.items() if call in calls.split()}


def rows():
    """Return the rows of the document's table: the calls, what they name, and the reasons."""
    section = DOCUMENT.read_text().partition("### System calls that name")[2].partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"
    ]
    return [(re.findall(r"`(\w+)`", calls), names.split(", "), reasons) for calls, names, *reasons in cells]


def test_every_allowed_call_is_classified():
    """One that is added to the filter must be looked at here first; none is said to name nothing and something."""
    naming = {call for call in allowed() if named_by(call)}

    assert naming.isdisjoint(NAMING_NOTHING.split())
    assert allowed() - naming - set(NAMING_NOTHING.split()) == set()


def test_every_call_that_names_something_has_its_row():
    """With all that it names; and no row is of a call that is not allowed or names nothing."""
    told = {call: set(names) for calls, names, _ in rows() for call in calls}
    elsewhere = {call for calls in NAMING.values() for call in calls.split()} - allowed()  # on another machine

    assert {call: names for call, names in told.items() if call not in elsewhere} == {
        call: named_by(call) for call in allowed() if named_by(call)
    }


def test_every_row_has_a_reason_for_each_of_the_three_hosts():
    """None is empty, and no call stands in two rows."""
    assert [calls for calls, _, reasons in rows() if len(reasons) != 3 or not all(reasons)] == []
    calls = [call for calls, _, _ in rows() for call in calls]
    assert len(calls) == len(set(calls))
