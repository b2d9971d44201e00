"""Enters user, mount, pid, network, ipc and uts namespaces, and builds the file system that a program sees.

The root is an empty tmpfs holding read-only binds of the interpreter's standard library, the shared libraries it uses
and the packages it may import; /tmp leads to a private tmpfs, the only writable place, and /proc shows only the pid
namespace's own processes.
"""

import os
from collections.abc import Iterable, Mapping

from sandbox.inside.layers.kernel import mount, syscall, unmount, unshare

FLAGS = {
    "user": 0x10000000,
    "mount": 0x00020000,
    "pid": 0x20000000,
    "network": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
}
WRITABLE = "/scratch/tmp"
"""The tmpfs that is renewed between programs. Landlock's rule is on the folder around it, so it outlives each."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
    "/dev/shm": WRITABLE,  # noqa: S108 - where the C library puts named semaphores
    "/tmp": WRITABLE,  # noqa: S108
}
TMP_BYTES, _TMP_FILES = 128 << 20, 4096
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT, _MS_NOATIME = 1, 2, 4, 8, 32, 1024
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_SEALED = _MS_RDONLY | _MS_NOSUID | _MS_NODEV


def enter(layers: Iterable[str], candidate_uid: int | None) -> None:
    """Leave the host's namespaces; the pid namespace begins with the next fork.

    In a user namespace the caller is mapped to root.

    Args:
        layers: names of layers; those of FLAGS are entered.
        candidate_uid: user id of the host to map to user 1 of a user namespace, which takes root's rights: an ordinary
            user may map no id but his own. None for no such user.

    Raises:
        OSError: The kernel refuses a namespace.
    """
    wanted = [FLAGS[layer] for layer in FLAGS if layer in layers]
    if "user" in layers:
        _enter_user_namespace(candidate_uid)
        wanted.remove(FLAGS["user"])
    for flag in wanted:
        unshare(flag)


def _enter_user_namespace(candidate_uid: int | None) -> None:
    """Unshare, while a child that stays behind waits to write the maps: only the parent namespace may map several."""
    host_uid, host_gid, pid = os.geteuid(), os.getegid(), os.getpid()
    if candidate_uid is None:
        unshare(FLAGS["user"])
        _write_maps(pid, f"0 {host_uid} 1\n", f"0 {host_gid} 1\n", forbid_setgroups=True)
        return
    inside_is_ready, ready = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ready)
        os.read(inside_is_ready, 1)
        second = f"1 {candidate_uid} 1\n"
        _write_maps(pid, f"0 {host_uid} 1\n" + second, f"0 {host_gid} 1\n" + second, forbid_setgroups=False)
        os._exit(0)
    unshare(FLAGS["user"])
    os.close(ready)
    os.close(inside_is_ready)
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise PermissionError("the user ids of the jail could not be mapped")


def _write_maps(pid: int, uids: str, gids: str, *, forbid_setgroups: bool) -> None:
    texts = {"uid_map": uids, "gid_map": gids}
    if forbid_setgroups:
        texts = {"setgroups": "deny", **texts}
    for name, text in texts.items():
        fd = os.open(f"/proc/{pid}/{name}", os.O_WRONLY)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)


PACKAGES = "/packages"
"""Where third-party packages appear: their own place may be below /tmp, or in a home."""


def build_root(shown: Mapping[str, str], hidden: Iterable[str]) -> None:
    """Replace the root directory by one that shows these paths, read-only; call it inside the new namespaces.

    Args:
        shown: where the host's folders and files appear.
        hidden: folders of the new root that appear empty.
    """
    mount("none", "/", "none", _MS_REC | _MS_PRIVATE)
    root = "/tmp"  # noqa: S108 - only a mount point, in our own mount namespace
    shown = {**shown, **{path: path for path in DEVICES}}
    handles = {path: os.open(path, os.O_PATH) for path in shown if os.path.exists(path)}
    mount("proctor", root, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755,size=1m")
    for path, handle in handles.items():
        _bind(handle, root + shown[path], read_only=path not in DEVICES)
        os.close(handle)
    for path in hidden:
        if os.path.isdir(root + path):
            mount("proctor", root + path, "tmpfs", _SEALED, "mode=755,size=4k")
    for name, target in _LINKS.items():
        if not os.path.exists(root + name):  # an interpreter that is itself below /tmp keeps it a folder
            os.symlink(target, root + name)
    for folder in ("/proc", WRITABLE):
        os.makedirs(root + folder)
    _mount_proc(root + "/proc")
    mount_writable(root + WRITABLE)
    mount("none", root, "none", _MS_REMOUNT | _MS_BIND | _SEALED)
    os.chdir(root)
    syscall("pivot_root", b".", b".")
    unmount(".")
    os.chdir("/")


def _bind(handle: int, target: str, *, read_only: bool) -> None:
    source = f"/proc/self/fd/{handle}"
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    mount(source, target, "none", _MS_BIND | _MS_REC)
    if read_only:
        kept = os.statvfs(target).f_flag & _MS_NOEXEC
        mount("none", target, "none", _MS_REMOUNT | _MS_BIND | _SEALED | kept)


def _mount_proc(target: str) -> None:
    """Show the processes of the pid namespace; the supervisor needs them all, whoever's they are."""
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    try:
        mount("proc", target, "proc", flags, "subset=pid")
    except OSError:  # Linux before 5.8 has no subset; Landlock refuses all writing there anyway
        mount("proc", target, "proc", flags)


def mount_writable(target: str = WRITABLE) -> None:
    """Mount an empty tmpfs as the writable place; its owner is root, anybody may write, nothing is ever executed.

    Args:
        target: the mount point.
    """
    options = f"mode=1777,size={TMP_BYTES},nr_inodes={_TMP_FILES}"
    mount("proctor", target, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_NOATIME, options)


def renew_writable() -> None:
    """Put an empty tmpfs in the place of the used one."""
    unmount(WRITABLE)
    mount_writable()
