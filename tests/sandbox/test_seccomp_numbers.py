"""The numbers of system calls are those of the kernel's headers, on both processors."""

import re
from pathlib import Path

import pytest

from sandbox.inside.layers.kernel import _NUMBERS
from sandbox.inside.layers.seccomp import _TABLE

X86_64 = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
AARCH64 = Path("/usr/include/asm-generic/unistd.h")
"""The table of processors without one of their own, which aarch64 is; x86_64 machines have it too."""
ROWS = [row.split() for row in _TABLE.split("|")]
RENAMED = {"newfstatat": "fstatat"}


def numbers_in(header):
    """Return the numbers of a header by name, those that differ by the width of words too."""
    if not header.exists():
        pytest.skip(f"needs {header} (Debian's linux-libc-dev)")
    found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", header.read_text(), re.MULTILINE)
    return dict(reversed(found))


def test_calls_on_x86_64_have_the_kernels_numbers():
    """All that the filter allows are there."""
    numbers = numbers_in(X86_64)

    assert [(name, number) for name, number, _ in ROWS if numbers.get(name) != number] == []


def test_calls_on_aarch64_have_the_kernels_numbers():
    """Those that the table says don't exist there don't."""
    numbers = numbers_in(AARCH64)

    assert [
        (name, number) for name, _, number in ROWS if numbers.get(RENAMED.get(name, name), "-") != number
    ] == []  # fmt: skip


@pytest.mark.parametrize(("machine", "header"), [("x86_64", X86_64), ("aarch64", AARCH64)])
def test_calls_of_the_jail_itself_have_the_kernels_numbers(machine, header):
    """Those that the standard library doesn't wrap."""
    numbers = numbers_in(header)

    assert {name: numbers[name] for name in _NUMBERS[machine]} == {n: str(v) for n, v in _NUMBERS[machine].items()}
