"""What another machine must have to judge for us."""

import pytest

from harness.errors import UserError
from harness.examination.cluster_worker import Credentials, credentials, refuse_unlike_node
from sandbox.jail import Jail, JailReport


def machine(python="3.11.7", proctor="1", **layers):
    """Return the credentials of a machine."""
    usual = {"landlock": "in force (ABI 5)", "pid": "in force", "privileges": "in force (no_new_privs)"}
    return Credentials(jail=JailReport(python=python, layers=usual | layers), proctor=proctor)


@pytest.mark.parametrize(
    ("theirs", "reason"),
    [
        ({"pid": "absent: no such namespace"}, "pid is absent: no such namespace, but here in force"),
        ({"landlock": "in force (ABI 4)"}, r"landlock is in force \(ABI 4\), but here in force \(ABI 5\)"),
        ({"privileges": "in force (no_new_privs, user id kept)"}, "privileges is in force .*, user id kept"),
        ({"python": "3.12.1"}, "the examined Python is 3.12.1, but here 3.11.7"),
        ({"proctor": "2"}, "proctor is 2, but here 1"),
    ],
)
def test_a_machine_that_judges_otherwise_is_refused(theirs, reason):
    """By name, with what differs."""
    with pytest.raises(UserError, match=rf"^node n2: .*{reason}"):
        refuse_unlike_node("n2", machine(), machine(**theirs))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({}, {"landlock": "in force (ABI 12)"}),
        ({"pid": "absent: no such namespace"}, {}),
        ({"pid": "absent: no such namespace"}, {"pid": "absent: not permitted"}),
    ],
)
def test_a_machine_of_equal_or_greater_strength_may_judge(ours, theirs):
    """More than was promised does no harm."""
    refuse_unlike_node("n2", machine(**ours), machine(**theirs))


def test_this_machine_is_like_itself():
    """With a real jail."""
    found = credentials(Jail())

    refuse_unlike_node("here", found, found)
