"""The file system of a jail that has its own: sealed, of its own mounts only, and no more of them after many programs."""

import os
from pathlib import Path

import pytest
from census import children_of, wardens_of

from sandbox.jail import ALL_LAYERS, Jail, probe
from sandbox.judge import Judge
from sandbox.records import StdioTest, Verdict

pytestmark = pytest.mark.slow

KERNEL = tuple(int(number) for number in os.uname().release.partition("-")[0].split(".")[:2])


@pytest.fixture(autouse=True)
def mount():
    """Skip where this host gives no mount namespace."""
    if not probe(Jail()).layers["mount"].startswith("in force"):
        pytest.skip("no mount namespace here")


def test_what_is_mounted_is_sealed(printed):
    """Root and library are read-only; nothing on the writable place is executed; no set-user-id bit, no device counts."""
    program = """
import os
names = {"read-only": os.ST_RDONLY, "nosuid": os.ST_NOSUID, "nodev": os.ST_NODEV, "noexec": os.ST_NOEXEC}
for path in ("/", "/tmp"):
    print(path, *[name for name, bit in names.items() if os.statvfs(path).f_flag & bit])
print(os.statvfs(os.__file__).f_flag & 7)
"""

    assert printed(program) == "/ read-only nosuid nodev\n/tmp nosuid nodev noexec\n7\n"


@pytest.mark.skipif(KERNEL < (5, 8), reason="an older kernel shows all of /proc or nothing")
def test_without_landlock_the_new_root_is_all_there_is():
    """The old one is not below it, where `..` of the root leads; of /proc there are processes, no settings of the kernel."""
    program = """
import os
print(os.listdir("/..") == os.listdir("/"), "root" in os.listdir("/.."))
print(sorted(name for name in os.listdir("/proc") if not name.isdigit()))
"""
    expected = "True False\n['self', 'thread-self']"

    with Judge(Jail(layers=ALL_LAYERS - {"landlock"})) as judge:
        judgement = judge.judge(program, (StdioTest(stdin="", expected_stdout=expected),))

    assert judgement.verdict is Verdict.ACCEPTED, judgement


def mounts_of(pid):
    """Return where something is mounted, as a process sees it."""
    return [line.split()[4] for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]


def test_a_jail_holds_its_own_mounts_only_and_as_many_after_many_programs(judge):
    """None of the host's other file systems; a writable place that is renewed replaces the one before."""
    (template,) = children_of(wardens_of(judge)[0])
    before = mounts_of(template)

    for _ in range(3):
        judge.judge("open('left', 'w').write('x')", (StdioTest(stdin="", expected_stdout=""),))

    after = mounts_of(template)
    assert (after.count("/"), len(after)) == (1, len(before))
