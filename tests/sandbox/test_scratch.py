"""The writable place where there is no mount namespace: whatever a program left in it is removed, in few steps."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from census import children_of

from sandbox.inside.layers import filesystem
from sandbox.inside.layers.filesystem import Scratch, package_folders, removed_from

pytestmark = pytest.mark.slow


def descriptors():
    """Return the open descriptors of this process."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def chain(path, depth):
    """Make folders in each other, too deep for a path."""
    fd = os.open(path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", 0o700, dir_fd=fd)
        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(fd)


def wide(path, folders):
    """Make folders beside each other, every second with a file, and odd kinds of files."""
    for number in range(folders):
        (path / str(number)).mkdir()
        if number % 2:
            (path / str(number) / "file").touch()
    (path / "link").symlink_to("/")
    (path / "dangling").symlink_to("nowhere")
    os.mkfifo(path / "pipe")
    os.close(os.open(os.fsencode(path) + b"/\xff\n", os.O_CREAT))


def forbidding(path, folders):
    """Make folders with something in them and no rights at all."""
    for number in range(folders):
        (path / str(number) / "inner").mkdir(parents=True)
        (path / str(number)).chmod(0)


def count(path):
    """Return the entries of a tree."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return sum(len(folders) + len(files) for _, folders, files, _ in os.fwalk(".", dir_fd=fd))
    finally:
        os.close(fd)


@pytest.mark.parametrize(
    ("make", "entries"),
    [(lambda path: chain(path, 3000), 3000), (lambda path: wide(path, 1000), 1504), (lambda path: forbidding(path, 100), 200)],
    ids=["chain", "wide", "forbidding"],
)  # fmt: skip
def test_steps_are_about_as_many_as_entries(tmp_path, make, entries):
    """Whatever the shape: a chain of 3,000 folders takes no steps for each of its ancestors."""
    make(tmp_path)
    top = os.open(tmp_path, os.O_RDONLY)
    try:
        steps = sum(1 for _ in removed_from(top))
    finally:
        os.close(top)

    assert entries <= steps <= entries * 1.05
    assert list(tmp_path.iterdir()) == []


def test_descriptors_are_few_and_given_back(tmp_path):
    """Also where the removal is broken off."""
    chain(tmp_path, 500)
    before = descriptors()
    top = os.open(tmp_path, os.O_RDONLY)
    removal = removed_from(top)
    for _ in range(10):
        next(removal)
    during = len(descriptors()) - len(before)
    removal.close()
    os.close(top)

    assert (during < 200, descriptors()) == (True, before)


def test_a_place_with_few_entries_is_renewed_at_once():
    """And holds nothing of what was there."""
    place = Scratch(None)
    try:
        wide(Path(place.path), 20)
        few = place.renew(None)
        left = list(Path(place.path).iterdir())
    finally:
        place.remove()

    assert (few, left, Path(place.path).parent.parent.exists()) == (True, [], False)


def test_what_is_beyond_the_bound_is_removed_in_the_background(monkeypatch):
    """The place is empty at once, however much was left, several times; at the end nothing is there, nobody left."""
    monkeypatch.setattr(filesystem, "MOST_ENTRIES", 100)
    place = Scratch(None)
    found, before = [], children_of(os.getpid())
    try:
        for _ in range(8):
            wide(Path(place.path), 300)
            found.append((place.renew(None), list(Path(place.path).iterdir())))
    finally:
        place.remove()

    assert found == [(False, [])] * 8
    assert not Path(place.path).parent.parent.exists()
    assert children_of(os.getpid()) == before


def test_the_folder_around_is_closed():
    """Nobody can leave a file beside the writable place, where it would stay."""
    place = Scratch(None)
    try:
        around = Path(place.path).parent
        places = (Path(place.path), around, around.parent, around.parent / "aside")
        modes = [path.stat().st_mode & 0o777 for path in places]
    finally:
        place.remove()

    assert modes == [0o700, 0o555, 0o711, 0o700]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_writable_place_is_its_owners_also_when_renewed():
    """User and group."""
    place = Scratch(12345)
    try:
        owners = [(Path(place.path).stat().st_uid, Path(place.path).stat().st_gid)]
        place.renew(12346)
        owners.append((Path(place.path).stat().st_uid, Path(place.path).stat().st_gid))
    finally:
        place.remove()

    assert owners == [(12345, 12345), (12346, 12346)]


def test_one_process_removes_in_the_background_and_is_waited_for_where_it_lags_behind(monkeypatch):
    """Of eight overfull places the fifth is more than four aside: from there on it is waited for, and begun anew."""
    monkeypatch.setattr(filesystem, "MOST_ENTRIES", 2)
    place, begun, waited = Scratch(None), [], []

    def fork():
        begun.append(len(waited))
        return 4242

    def waitpid(pid, options):
        waited.append(options)
        return (0, 0) if options == os.WNOHANG else (pid, 0)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fork", fork)
        patched.setattr(os, "waitpid", waitpid)
        for _ in range(8):
            wide(Path(place.path), 5)
            place.renew(None)
        place.remove()

    assert waited[:-1] == [os.WNOHANG] * 3 + [0] * 4
    assert begun == [0, 4, 5, 6, 7]


def holds(pid, file):
    """Whether a process has a file open; it may be closing some."""
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if path.readlink() == file:
                return True
    return False


def test_who_removes_in_the_background_holds_nothing_of_the_wardens(monkeypatch, wait_for):
    """Whoever waits for the end of a descriptor waits for the warden only."""
    monkeypatch.setattr(filesystem, "MOST_ENTRIES", 2)
    remove, place, (ours, theirs) = filesystem._remove, Scratch(None), os.pipe()  # noqa: SLF001 - made slow below
    pipe = Path(f"/proc/self/fd/{theirs}").readlink()
    wide(Path(place.path), 5)
    monkeypatch.setattr(filesystem, "_remove", lambda path, most=None: remove(path, most) if most else signal.pause())
    place.renew(None)
    (remover,) = children_of(os.getpid()) & {place._remover}  # noqa: SLF001

    try:
        wait_for(lambda: not holds(remover, pipe))
    finally:
        os.kill(remover, signal.SIGKILL)
        monkeypatch.undo()
        place.remove()
        os.close(ours)
        os.close(theirs)


def test_a_package_is_taken_whole_from_the_first_folder_that_has_it(monkeypatch, tmp_path):
    """As an import would; a virtual environment's and that of the interpreter below may differ."""
    own, below = tmp_path / "own", tmp_path / "below"
    for path in (own / "numpy", below / "numpy", below / "numpy.libs", below / "other.py"):
        path.mkdir(parents=True)
    monkeypatch.setattr(filesystem, "site_folders", lambda: [str(own), str(below)])

    assert package_folders(["numpy", "other", "nosuch"]) == [str(own / "numpy"), str(below / "other.py")]
