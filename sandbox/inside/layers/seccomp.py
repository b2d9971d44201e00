"""Filters system calls by seccomp, in classic BPF.

Allowed is what a contest program, numpy and the warm interpreter need; everything else answers EPERM, and calls newer
than the table answer ENOSYS so that the C library falls back to older ones. There is no execve: a program starts no
other program. There is no socket: socketpair is enough for threads, asyncio and multiprocessing.
"""

import ctypes
import errno
import os
import signal
import struct

from sandbox.inside.layers.kernel import MACHINE, syscall

_TABLE = """
    read 0 63 | write 1 64 | open 2 - | close 3 57 | stat 4 - | fstat 5 80 | lstat 6 - | poll 7 - | lseek 8 62 |
    mmap 9 222 | mprotect 10 226 | munmap 11 215 | brk 12 214 | rt_sigaction 13 134 | rt_sigprocmask 14 135 |
    rt_sigreturn 15 139 | pread64 17 67 | pwrite64 18 68 | readv 19 65 | writev 20 66 | preadv 295 69 | pwritev 296 70
      | access 21 - | pipe 22 - | select 23 - | sched_yield 24 124 | mremap 25 216
    | msync 26 227  | madvise 28 233 | dup 32 23 | dup2 33 - | pause 34 - | nanosleep 35 101 |
    getitimer 36 102 | alarm 37 - | setitimer 38 103 | getpid 39 172 | sendfile 40 71 | sendto 44 206 |
    recvfrom 45 207 | sendmsg 46 211 | recvmsg 47 212 | shutdown 48 210 | getsockname 51 204 | getpeername 52 205 |
    setsockopt 54 208 | getsockopt 55 209 | fork 57 - | vfork 58 - | exit 60 93 | wait4 61 260 | kill 62 129 |
    uname 63 160 | fcntl 72 25 | flock 73 32 | fsync 74 82 | fdatasync 75 83 | truncate 76 45 | ftruncate 77 46 |
    getdents64 217 61 | getcwd 79 17 | chdir 80 49 | fchdir 81 50 | rename 82 - | mkdir 83 - | rmdir 84 - | creat 85 -
    | link 86 - | unlink 87 - | symlink 88 - | readlink 89 - | chmod 90 - | fchmod 91 52 | chown 92 - | fchown 93 55 |
    lchown 94 - | umask 95 166 | gettimeofday 96 169 | getrlimit 97 163 | setrlimit 160 164 | getrusage 98 165 |
    sysinfo 99 179 | times 100 153 | getuid 102 174 | getgid 104 176 | geteuid 107 175 | getegid 108 177 |
    getppid 110 173 | getpgrp 111 - | setsid 112 157 | setpgid 109 154 | getpgid 121 155 | getsid 124 156 |
    getgroups 115 158 | getresuid 118 148 | getresgid 120 150 | setgroups 116 159 | setresuid 117 147 |
    setresgid 119 149 | capset 126 91 | rt_sigpending 127 136 | rt_sigtimedwait 128 137 |
    rt_sigsuspend 130 133 | sigaltstack 131 132 | utime 132 - | utimes 235 - | futimesat 261 - | utimensat 280 88 |
    statfs 137 43 | fstatfs 138 44 | arch_prctl 158 - | gettid 186 178  | time 201 - | futex 202 98
    | sched_getaffinity 204 123 | epoll_create 213 - | epoll_create1 291 20 | epoll_ctl 233 21 | epoll_wait 232 - |
    epoll_pwait 281 22 | epoll_pwait2 441 441 | set_tid_address 218 96  | timer_create 222 107 |
    timer_settime 223 110 | timer_gettime 224 108 | timer_getoverrun 225 109 | timer_delete 226 111 |
    clock_gettime 228 113 | clock_getres 229 114 | clock_nanosleep 230 115 | exit_group 231 94 | tgkill 234 131 |
    waitid 247 95 | openat 257 56 | mkdirat 258 34 | newfstatat 262 79 | unlinkat 263 35 | renameat 264 38 |
    renameat2 316 276 | linkat 265 37 | symlinkat 266 36 | readlinkat 267 78 | fchmodat 268 53 | fchownat 260 54 |
    faccessat 269 48 | faccessat2 439 439 | pselect6 270 72 | ppoll 271 73 | set_robust_list 273 99 |
    splice 275 76 | tee 276 77  | eventfd 284 - | eventfd2 290 19 |
    signalfd 282 - | signalfd4 289 74 | timerfd_create 283 85 | timerfd_settime 286 86 | timerfd_gettime 287 87 |
    fallocate 285 47 | dup3 292 24 | pipe2 293 59 | inotify_init1 294 26 | getrandom 318 278 | statx 332 291 |
    rseq 334 293 | copy_file_range 326 285 | close_range 436 436 | membarrier 324 283 | getcpu 309 168 |
    sched_get_priority_max 146 125 | sched_get_priority_min 147 126 | sched_getparam 143 121 |
    sched_getscheduler 145 120 | getpriority 140 141 | restart_syscall 219 128 | mlock 149 228 | munlock 150 229 |
    pidfd_open 434 434 | landlock_create_ruleset 444 444 | landlock_add_rule 445 445 | landlock_restrict_self 446 446
    | clone 56 220 | clone3 435 435 | ioctl 16 29 | prctl 157 167 | socketpair 53 199 | prlimit64 302 261 |
    sched_setaffinity 203 122 | seccomp 317 277
"""
"""Name, number on x86_64, number on aarch64 (- where it does not exist there)."""

_FILE_CHANGES = tuple(
    "chmod fchmod fchmodat chown fchown lchown fchownat utime utimes futimesat utimensat truncate".split()
)
_NEWEST_KNOWN = 451
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

_NEW_NAMESPACES, _CLONE_PARENT, _CLONE_THREAD = 0x7E020000, 0x00008000, 0x00010000
_O_ACCMODE, _O_TRUNC = 0o3, 0o1000
_CLOCK_OF_A_PROCESS = 1 << 31
_AF_UNIX, _SOCK_STREAM, _SOCK_SEQPACKET = 1, 1, 5
_TERMINAL_QUESTIONS_AND_FD_FLAGS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
_FCNTL = (*range(8), 36, 37, 38, *range(1030, 1035))
"""F_DUPFD to F_SETLKW, the locks of descriptions, F_DUPFD_CLOEXEC, sizes of pipes, seals of memory files.

Not those that name a signal or who gets it (F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY): the kernel sends
those signals itself, and needs no other process.
"""
_HARMLESS_PRCTL = (1, 3, 15, 16, 21, 38, 39, 0x53564D41)
"""PR_SET_PDEATHSIG, GET_DUMPABLE, SET_NAME, GET_NAME, GET_SECCOMP, SET_NO_NEW_PRIVS, GET_NO_NEW_PRIVS, SET_VMA."""

_ITSELF = 0x7FFFFFF1
"""Takes the place of the process's number in a filter that is made before it: more than any has."""
_AND = 0x54
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_NUMBER_AT, _ARCH_AT = 0, 4

Code = list[tuple[int, int, int, int]]


def _argument(index: int) -> tuple[int, int, int, int]:
    """Load the low half of an argument (the high half is not looked at: the kernel truncates these arguments too)."""
    return (_LOAD, 0, 0, 16 + 8 * index)


def _only_if_argument_in(index: int, values: tuple[int, ...], error: int) -> Code:
    code: Code = [_argument(index)]
    for value in values:
        code += [(_JUMP_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*code, (_RETURN, 0, 0, _ERRNO | error)]


def _only_if_argument_lacks(index: int, bits: int, error: int) -> Code:
    return [
        _argument(index),
        (_JUMP_ANY_BIT, 0, 1, bits),
        (_RETURN, 0, 0, _ERRNO | error),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _only_if_argument_has(index: int, bits: int, error: int) -> Code:
    return [
        _argument(index),
        (_JUMP_ANY_BIT, 0, 1, bits),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | error),
    ]


def _unless_argument_is(index: int, value: int, error: int) -> Code:
    return [
        _argument(index),
        (_JUMP_EQUAL, 0, 1, value),
        (_RETURN, 0, 0, _ERRNO | error),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _socketpair() -> Code:
    """Allow connected streams of this machine; a datagram socket could be sent from to any address."""
    return [
        _argument(0),
        (_JUMP_EQUAL, 1, 0, _AF_UNIX),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        _argument(1),
        (_AND, 0, 0, 0xF),
        (_JUMP_EQUAL, 1, 0, _SOCK_STREAM),
        (_JUMP_EQUAL, 0, 1, _SOCK_SEQPACKET),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]


def _open(flags_at: int) -> Code:
    """Refuse to truncate what is not opened for writing: before Linux 6.2, Landlock does not see that."""
    return [
        _argument(flags_at),
        (_JUMP_ANY_BIT, 1, 0, _O_TRUNC),
        (_RETURN, 0, 0, _ALLOW),
        (_AND, 0, 0, _O_ACCMODE),
        (_JUMP_EQUAL, 2, 0, os.O_WRONLY),
        (_JUMP_EQUAL, 1, 0, os.O_RDWR),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def allowed() -> frozenset[str]:
    """Return the names of the system calls that are allowed, some of them with some arguments only."""
    return frozenset(_numbers()) - {"clone3", "seccomp"}


def _numbers() -> dict[str, int]:
    column = {"x86_64": 1, "aarch64": 2}[MACHINE]
    rows = (cell.split() for cell in _TABLE.replace("\n", " ").split("|"))
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def _assemble(rules: dict[str, Code], otherwise: Code) -> bytes:
    """Return a filter that sends each named call to its rule, a foreign architecture to EPERM."""
    numbers = _numbers()
    code: Code = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[MACHINE]),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]
    for name, rule in rules.items():
        if name in numbers:
            code += [(_JUMP_EQUAL, 0, len(rule), numbers[name]), *rule]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code + otherwise)


class _Program(ctypes.Structure):
    """Describes a filter to the kernel."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _load(program: bytes) -> None:
    set_mode_filter = 1
    filter_ = _Program(len(program) // 8, program)
    syscall("seccomp", ctypes.c_uint(set_mode_filter), ctypes.c_uint(0), ctypes.byref(filter_))


def enter(*, may_tighten: bool) -> None:
    """Bind the calling process, and all that it starts, to the filter; no_new_privs must be set.

    No process may ignore SIGCHLD: the CPU time of children that the kernel reaps by itself is counted nowhere.

    Args:
        may_tighten: whether `tighten` will follow in each fork.

    Raises:
        OSError: where the kernel has no seccomp or the machine is neither x86_64 nor aarch64.
    """
    if MACHINE not in _AUDIT_ARCH:
        raise OSError(f"no table of system calls for {MACHINE}")
    rules: dict[str, Code] = {name: [(_RETURN, 0, 0, _ALLOW)] for name in _numbers()}
    if not may_tighten:
        rules["seccomp"] = [(_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    rules |= {
        "rt_sigaction": _unless_argument_is(0, signal.SIGCHLD, errno.EPERM),
        "clone": _only_if_argument_lacks(0, _NEW_NAMESPACES | _CLONE_PARENT, errno.EPERM),
        "clone3": [(_RETURN, 0, 0, _ERRNO | errno.ENOSYS)],
        "fcntl": _only_if_argument_in(1, _FCNTL, errno.EPERM),
        "open": _open(1),
        "openat": _open(2),
        "ioctl": _only_if_argument_in(1, _TERMINAL_QUESTIONS_AND_FD_FLAGS, errno.ENOTTY),
        "prctl": _only_if_argument_in(0, _HARMLESS_PRCTL, errno.EPERM),
        "socketpair": _socketpair(),
        "prlimit64": _only_if_argument_in(0, (0,), errno.EPERM),
        "sched_setaffinity": _only_if_argument_in(0, (0,), errno.EPERM),
    }
    unlisted: Code = [
        (_JUMP_GREATER_EQUAL, 0, 1, _NEWEST_KNOWN),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]
    _load(_assemble(rules, unlisted))


def second_filter(*, alone: bool, among_files: bool) -> bytes:
    """Return a filter for a process where a namespace is absent, to `tighten` it with.

    Args:
        alone: whether there is no pid namespace: it may then start no processes (threads are allowed) and neither
            signal nor ask about any but itself, nor outlive its template.
        among_files: whether there is no mount namespace: it may then change no modes, owners and times, and no lengths
            by path, because the files may be the user's and Landlock does not look at that (at lengths: before 6.2).
    """
    refused: Code = [(_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    rules = {"seccomp": refused}
    if among_files:
        rules |= dict.fromkeys(_FILE_CHANGES, refused)
    if alone:
        rules |= _rules_alone(refused)
    return _assemble(rules, [(_RETURN, 0, 0, _ALLOW)])


def tighten(second_filter: bytes, pid: int) -> None:
    """Bind the calling process, and all that it starts, to a second filter, for good.

    Args:
        second_filter: as of the function `second_filter`.
        pid: of the calling process, which the filter compares with.

    Raises:
        OSError: The kernel refuses.
    """
    _load(second_filter.replace(struct.pack("=I", _ITSELF), struct.pack("=I", pid)))


def _rules_alone(refused: Code) -> dict[str, Code]:
    itself = (0, _ITSELF)
    no_more: Code = [(_RETURN, 0, 0, _ERRNO | errno.EAGAIN)]
    asking = "getpgid getsid sched_getaffinity sched_getparam sched_getscheduler".split()
    clocks = "clock_gettime clock_getres clock_nanosleep timer_create".split()
    return {
        "fork": no_more,
        "vfork": no_more,
        "clone": _only_if_argument_has(0, _CLONE_THREAD, errno.EAGAIN),
        "kill": _only_if_argument_in(0, itself, errno.EPERM),
        "tgkill": _only_if_argument_in(0, (_ITSELF,), errno.EPERM),
        "pidfd_open": refused,
        "prctl": _only_if_argument_in(0, _HARMLESS_PRCTL[1:], errno.EPERM),
        "setpgid": refused,
        "getpriority": _only_if_argument_in(1, itself, errno.EPERM),
        **{name: _only_if_argument_in(0, itself, errno.EPERM) for name in asking},
        **{name: _only_if_argument_lacks(0, _CLOCK_OF_A_PROCESS, errno.EPERM) for name in clocks},
    }
