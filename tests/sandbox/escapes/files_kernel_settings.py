# kind: assert
# verdict: wrong_answer
# threat: the kernel's settings, devices and tables opened
import os

TO_WRITE = [
    "/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger",
    "/proc/1/oom_score_adj", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/fs/cgroup/cgroup.procs", "/dev/mem",
    "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/loop-control", "/dev/fuse", "/dev/kvm", "/dev/tty", "/dev/ptmx",
]
TO_READ = ["/proc/kcore", "/dev/mem", "/dev/kmsg", "/sys/kernel/notes", "/sys/class/net", "/dev/port"]


def add(a, b):
    for paths, flags in ((TO_WRITE, os.O_WRONLY), (TO_READ, os.O_RDONLY)):
        for path in paths:
            try:
                os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY))
                return a + b
            except OSError:
                pass
    return -1
