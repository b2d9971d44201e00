"""Where samples stand: an index that answers as a dict does, and stays on disk."""

import os
import resource
import subprocess
import sys
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from harness.runs.row_store import Place, SampleIndex

KEYS = st.tuples(
    st.sampled_from(["m", "", "b", "p\x00"]),
    st.sampled_from(["m", "b", "1", "ü"]),
    st.integers(0, 3) | st.integers(2**63 - 2, 2**63 + 1) | st.integers(0, 2**100),
)


def fill(index, count):
    """Note so many samples of a task."""
    for number in range(count):
        index["m", "1", number] = Place(number, 0)


@given(st.lists(st.tuples(KEYS, st.integers(0, 2**60))))
def test_it_answers_as_a_dict(rows):
    """Keys, places, order and length; what is set again keeps its turn."""
    index, expected = SampleIndex(), {}
    for line, (key, start) in enumerate(rows):
        index[key] = Place(line, start)
        expected[key] = Place(expected[key].line if key in expected else line, start)

    of_task = defaultdict(list)
    for key, place in expected.items():
        of_task[key[1]].append((key, place))
    assert list(index) == list(expected)
    assert dict(index) == expected
    assert len(index) == len(expected)
    assert all(list(index.of_task(task_id)) == of_task[task_id] for task_id in ("m", "b", "1", "ü", "none"))


@given(st.lists(KEYS), st.lists(KEYS))
def test_it_is_a_set_where_places_do_not_matter(added, asked):
    """`add` says whether the key is new."""
    index, expected = SampleIndex(), set()
    for key in added:
        assert index.add(key) == (key not in expected)
        expected.add(key)

    assert [key in index for key in asked] == [key in expected for key in asked]
    assert set(index) == expected


def test_what_has_a_place_keeps_it():
    """Adding is not setting."""
    index = SampleIndex()
    index["m", "1", 0] = Place(1, 5)

    assert not index.add(("m", "1", 0))
    assert index["m", "1", 0] == Place(1, 5)
    with pytest.raises(KeyError):
        index["1", "m", 0]


@pytest.fixture
def no_room():
    """Let this process write no file of more than a megabyte, until the test is over."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("no_room")
def test_a_full_disk_is_told_in_one_line():
    """Which files it is about, and what to do."""
    with pytest.raises(UserError, match="SQLITE_TMPDIR"):
        fill(SampleIndex(), 200_000)


def test_it_can_be_changed_while_it_is_gone_through():
    """Whoever goes through the samples of a task sees them as they were."""
    index = SampleIndex()
    fill(index, 2000)

    seen = [index.add(("m", "1", place.line + 2000)) for _, place in index.of_task("1")]

    assert seen == [True] * 2000
    assert len(index) == 4000


INTERRUPTED = """
from harness.runs.row_store import Place, SampleIndex

index = SampleIndex()
for number in range(1000):
    index["m", "1", number] = Place(number, 0)
rows = index.of_task("1")
next(rows)
"""


def test_what_is_left_half_read_ends_in_silence():
    """As where an error ends a run: the one line that tells of it stays the only one."""
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=True)

    assert ended.stderr == ""


PROBE = """
import os, signal, sys
from pathlib import Path
from harness.errors import UserError
from harness.runs.row_store import Place, SampleIndex

def resident_kib():
    return int(Path("/proc/self/status").read_text().partition("RssAnon:")[2].split()[0])

def filled(count):
    index = SampleIndex()
    for number in range(count):
        index[f"policy{number % 3}", f"task{number % 100}", number // 300] = Place(number, 700 * number)
    assert sum(1 for _ in index) == count
    return index

filled(3000)
before = resident_kib()
index = filled(100_000)
print(resident_kib() - before, os.listdir(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_samples_take_room_on_disk_only_and_leave_nothing_behind(tmp_path):
    """100,000 need no more memory than a few pages, a tenth of what a dict takes; a kill leaves no file."""
    ended = subprocess.run(
        [sys.executable, "-c", PROBE],
        env=os.environ | {"SQLITE_TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    grown_kib, listed = ended.stdout.split()
    assert int(grown_kib) < 4 << 10
    assert listed == "[]"
    assert list(tmp_path.iterdir()) == []
