"""Calls of the kernel that the standard library does not wrap: what is refused is told, and nothing is left changed."""

import errno

import pytest

from sandbox.inside.layers import kernel


@pytest.mark.parametrize(
    ("call", "arguments", "number", "name"),
    [
        (kernel.unmount, ("/nosuch",), errno.ENOENT, "umount /nosuch: "),
        (kernel.mount, ("none", "/nosuch", "tmpfs", 0), errno.ENOENT, "mount /nosuch: "),
        (kernel.unshare, (0x7FFFFFFF,), errno.EINVAL, "unshare: "),
        (kernel.prctl, (-1, 0), errno.EINVAL, "prctl: "),
        (kernel.syscall, ("landlock_restrict_self", -1, 99), errno.EINVAL, "landlock_restrict_self: "),
    ],
)
def test_a_refusal_is_an_error_that_names_the_call(call, arguments, number, name):
    """With the kernel's reason; a layer that is not put on is never taken for one that is."""
    with pytest.raises(OSError, match=name) as refusal:
        call(*arguments)

    assert refusal.value.errno in {number, errno.EPERM, errno.ENOSYS}


@pytest.mark.parametrize("call", [kernel.syscall, kernel.prepared_syscall])
def test_on_an_unknown_machine_a_call_without_a_number_is_refused(monkeypatch, call):
    """Before it is made, for another machine's number may be another call."""
    monkeypatch.setattr(kernel, "MACHINE", "pdp11")

    with pytest.raises(OSError, match="pivot_root: unknown on pdp11"):
        call("pivot_root", b".", b".")


def test_where_addresses_can_not_be_fixed_that_is_told(monkeypatch):
    """As of a layer, with the reason; and nothing is put back, for nothing was changed."""
    asked = []

    class Refusing:
        def personality(self, wanted):
            asked.append(wanted.value)
            kernel.ctypes.set_errno(errno.EPERM)
            return -1

    monkeypatch.setattr(kernel, "_libc", Refusing())

    with kernel.fixed_addresses() as how:
        assert how.startswith("absent: [Errno 1] personality: ")
    assert asked == [0xFFFFFFFF]


def test_addresses_are_fixed_beside_what_was_set_before(monkeypatch):
    """The other bits of a personality stay, during and after."""
    asked = []

    class Set:
        def personality(self, wanted):
            asked.append(wanted.value)
            return 0x0008

    monkeypatch.setattr(kernel, "_libc", Set())

    with kernel.fixed_addresses() as how:
        pass
    assert (how, asked) == ("in force", [0xFFFFFFFF, 0x0040008, 0x0008])
