"""What the jail is made of, which of it a host gives, and in which Python a program runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from another_user import NOBODY, as_another, summary
from census import wardens_of

from sandbox import jail as jails
from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, Template, claim_user_id, probe
from sandbox.judge import Judge
from sandbox.records import AssertTest, CallTest, Fault, Refused, StdioTest, Verdict

pytestmark = pytest.mark.slow

NEEDED = frozenset({"seccomp", "rlimits", "privileges"})


FALLBACK = ALL_LAYERS - NAMESPACES


JUDGED = {
    "stdio": StdioTest(stdin="20\n22\n", expected_stdout="42\n"),
    "call": CallTest(function="f", arguments=([20], 22), expected=42),
    "assert": AssertTest(code="x = [20]\nassert f(x, 22) == 42 and x == [20, 0]", names=("f",)),
}


ADDS = "def f(x, y):\n    x.append(0)\n    return x[0] + y\nif __name__ == '__main__':\n    print(f([int(input())], int(input())))\n"


def judged(jail):
    """Return the verdicts of a right program under every kind of test in a jail of one's own."""
    with Judge(jail) as judge:
        return {kind: judge.judge(ADDS, (test,)).verdict.value for kind, test in JUDGED.items()}


RIGHT = dict.fromkeys(JUDGED, "accepted")


@pytest.mark.parametrize("kind", JUDGED)
def test_a_right_program_is_accepted(any_judge, kind):
    """Every kind of test works with namespaces and without."""
    assert any_judge.judge(ADDS, (JUDGED[kind],)).verdict is Verdict.ACCEPTED


def test_the_probe_reports_every_layer():
    """Each layer is in force or absent, with words; and the interpreter's version is told."""
    report = probe(Jail())

    assert report.python == ".".join(map(str, sys.version_info[:3]))
    assert sorted(report.layers) == sorted(ALL_LAYERS | {"addresses"})
    assert [how for how in report.layers.values() if not how.startswith(("in force", "absent: "))] == []


def test_namespaces_that_this_host_gives_are_in_force():
    """All of them, where the host's own tool can enter them and mount what a jail mounts: none is lost by our doing."""
    enters = "unshare --user --map-root-user --mount --pid --fork --net --ipc --uts sh -c".split()
    mounts = "mount -t tmpfs none /tmp && mount -t proc proc /proc"
    if not shutil.which("unshare") or subprocess.run([*enters, mounts], check=False, capture_output=True).returncode:
        pytest.skip("this host does not give all namespaces, or has no unshare of util-linux")

    assert {probe(Jail()).layers[layer] for layer in NAMESPACES} == {"in force"}


@pytest.mark.parametrize(
    ("user_id", "layers", "refused", "given_up"),
    [
        (0, ALL_LAYERS, "cgroup", {"cgroup"}),
        (0, ALL_LAYERS, "namespaces", {"user"}),
        (0, ALL_LAYERS - {"user"}, "namespaces", NAMESPACES - {"user"}),
        (1000, ALL_LAYERS, "namespaces", NAMESPACES),
    ],
)
def test_only_what_the_host_refuses_is_given_up(monkeypatch, user_id, layers, refused, given_up):
    """Root may have the other namespaces without one for users; nobody else may."""
    monkeypatch.setattr(os, "geteuid", lambda: user_id)

    assert jails._given_up(layers, refused, "why") == given_up  # noqa: SLF001 - no host refuses all of these


def test_a_namespace_that_is_refused_though_none_is_requested_is_a_fault():
    """Trying again would never end."""
    with pytest.raises(Fault, match="why"):
        jails._given_up(NEEDED, "namespaces", "why")  # noqa: SLF001


@pytest.mark.parametrize("layer", sorted(ALL_LAYERS - NEEDED))
def test_a_layer_left_out_is_reported_absent(layer):
    """What was not requested is absent, and said to be so; programs are judged all the same."""
    jail = Jail(layers=ALL_LAYERS - {layer})

    assert probe(jail).layers[layer] == "absent: not requested"
    assert judged(jail) == RIGHT


@pytest.mark.parametrize(
    "layers",
    [*(ALL_LAYERS - {layer} for layer in sorted(NEEDED)), ALL_LAYERS - {"mount", "landlock"}, NAMESPACES, NEEDED, frozenset({"rlimits"})],
    ids=lambda layers: ",".join(sorted(ALL_LAYERS - layers)),
)  # fmt: skip
def test_less_than_needed_is_refused(layers):
    """One line that says what is missing, and the way out."""
    with pytest.raises(Refused) as refusal:
        probe(Jail(layers=layers))

    text = str(refusal.value)
    assert ("\n" not in text, "--isolation none" in text, "not requested" in text) == (True, True, True)


def test_a_refused_jail_starts_no_judge():
    """What `probe` refuses, no judge will do with."""
    with pytest.raises(Refused):
        Judge(Jail(layers=ALL_LAYERS - {"seccomp"}))


def test_a_pair_that_cannot_be_completed_leaves_no_template(monkeypatch):
    """Where the second template can't be started, the first one is ended at once."""
    started = []

    class OnlyOne(Template):
        def __init__(self, *arguments, **keywords):
            if started:
                raise Refused("no more processes")
            super().__init__(*arguments, **keywords)
            started.append(self)

    probe(Jail())
    monkeypatch.setattr("sandbox.jail.Template", OnlyOne)

    with pytest.raises(Refused):
        Judge(Jail())

    ended = started[0]._process.poll()  # noqa: SLF001 - who else knows
    started[0].close()  # for the tests after this one, should it not have been
    assert ended is not None


def test_no_isolation_at_all_may_be_spelled_out():
    """An empty set of layers is the caller's word that programs are trusted: all are absent, and all works."""
    jail = Jail(layers=frozenset())

    assert set(probe(jail).layers.values()) == {"absent: not requested"}
    assert judged(jail) == RIGHT


def interpreters():
    """Return other CPythons on this host that really run, by version."""
    names = [shutil.which(f"python3.{minor}") for minor in range(8, 16)]
    places = [*filter(None, names), *map(str, Path.home().glob(".pyenv/versions/*/bin/python3"))]
    found = {}
    for path in places:
        asked = [path, "-c", "import sys; print(sys.implementation.name, *sys.version_info[:2])"]
        ended = subprocess.run(asked, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
        name, *version = ended.stdout.split() or [""]
        if name == "cpython":
            found.setdefault(tuple(map(int, version)), path)
    return {version: path for version, path in sorted(found.items()) if version != sys.version_info[:2]}


OTHERS = interpreters()
NEW = [pytest.param(path, id=".".join(map(str, version))) for version, path in OTHERS.items() if version >= (3, 10)]
OLD = [pytest.param(path, id=".".join(map(str, version))) for version, path in OTHERS.items() if version < (3, 10)]
NONE = [pytest.param("", marks=pytest.mark.skip(reason="no other CPython of that kind runs on this host"))]


@pytest.mark.parametrize("python", NEW or NONE)
@pytest.mark.parametrize("layers", [ALL_LAYERS, FALLBACK], ids=["all_layers", "no_namespaces"])
def test_programs_run_in_another_python(python, layers):
    """The interpreter asked for is the one that runs the program, and every kind of test works in it."""
    jail = Jail(python=python, layers=layers)
    version = probe(jail).python

    with Judge(jail) as judge:
        printed = judge.judge(
            "import sys\nprint('.'.join(map(str, sys.version_info[:3])))",
            (StdioTest(stdin="", expected_stdout=version),),
        )
        null_byte = judge.judge("print(1)\0", (StdioTest(stdin="", expected_stdout="1"),))

    assert (printed.verdict, null_byte.verdict) == (Verdict.ACCEPTED, Verdict.COMPILE_ERROR)
    assert "null bytes" in null_byte.detail
    assert judged(jail) == RIGHT


@pytest.mark.parametrize("python", OLD or NONE)
def test_a_python_too_old_is_refused(python):
    """One line with the path and the oldest version that will do."""
    with pytest.raises(Refused) as refusal:
        probe(Jail(python=python))

    text = str(refusal.value)
    assert ("\n" not in text, python in text, "3.10" in text) == (True, True, True)


@pytest.mark.parametrize("python", ["/bin/true", "/bin/cat", "/nonexistent/python", "/", __file__, ""])
def test_a_python_that_is_none_is_refused(python):
    """One line with the path and what it should be."""
    with pytest.raises(Refused) as refusal:
        probe(Jail(python=python))

    text = str(refusal.value)
    assert ("\n" not in text, python in text, "3.10" in text) == (True, True, True)


def test_a_module_that_cannot_be_preloaded_is_refused():
    """One line that names it."""
    with pytest.raises(Refused, match="nosuch_module"):
        probe(Jail(preload=("nosuch_module",)))


def test_preloaded_modules_are_warm():
    """The module is there before the program asks for it."""
    test = StdioTest(stdin="", expected_stdout="True")

    with Judge(Jail(preload=("numpy",))) as judge:
        judgement = judge.judge("import sys\nprint('numpy' in sys.modules)", (test,))

    assert judgement.verdict is Verdict.ACCEPTED


def test_numpy_is_not_loaded_unasked(judge):
    """A bare template stays small."""
    test = StdioTest(stdin="", expected_stdout="False")

    assert judge.judge("import sys\nprint('numpy' in sys.modules)", (test,)).verdict is Verdict.ACCEPTED


only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has user ids to give away")


@only_root
def test_user_ids_are_never_shared():
    """A hundred claims at once, more than a process has templates, are of a hundred ids; each is free again afterwards."""
    claims = [claim_user_id() for _ in range(100)]
    for _, claim in claims:
        claim.close()

    assert len({user_id for user_id, _ in claims}) == 100


@only_root
def test_a_user_id_that_is_taken_is_passed_over(monkeypatch):
    """Where chance would choose the same one again, the next is given; where all are taken, that is told."""
    monkeypatch.setattr("sandbox.jail.secrets.randbelow", lambda _: 7)
    monkeypatch.setattr("sandbox.jail._FIRST_USER_IDS", (0x61000000,))
    monkeypatch.setattr("sandbox.jail._USER_IDS", 8)
    claims = [claim_user_id() for _ in range(8)]
    with pytest.raises(Fault, match="are taken"):
        claim_user_id()
    for _, claim in claims:
        claim.close()

    numbers = [user_id - claims[0][0] for user_id, _ in claims]
    assert numbers == [0, -7, -6, -5, -4, -3, -2, -1]


@only_root
def test_a_user_id_is_claimed_as_long_as_its_jail_lives():
    """By the jail itself: the judge holds nothing of the claim, so it outlives a judge that is killed."""
    if not probe(Jail()).layers["user"].startswith("in force"):
        pytest.skip("needs user namespaces, whose maps tell the id")
    with Judge(Jail()) as judge:
        wardens = wardens_of(judge)
        maps = [Path(f"/proc/{pid}/uid_map").read_text().split() for pid in wardens]
        claimed = [f"@proctor-user-{numbers[4]}" for numbers in maps]
        during = [name in Path("/proc/net/unix").read_text() for name in claimed]
        mine = {path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_socket()}
        theirs = {path.readlink() for pid in wardens for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_socket()}
    after = [name in Path("/proc/net/unix").read_text() for name in claimed]

    assert (len(set(claimed)), during, after) == (2, [True] * 2, [False] * 2)
    assert mine.isdisjoint(theirs)


def test_a_jail_without_namespaces_leaves_no_folder():
    """Its writable folder lies on the host, and is gone when the judge is closed."""
    program = "import os\nos.makedirs('a/b')\nos.symlink('/', 'a/link')\nprint(os.getcwd())"

    with Judge(Jail(layers=FALLBACK)) as judge:
        (outcome,) = judge.judge(program, (StdioTest(stdin="", expected_stdout="\0"),)).per_test
        folder = Path(outcome.actual.strip())
        there = folder.exists()

    assert (there, folder.exists()) == (True, False)


CONFINED = (
    "test_confinement.py::test_what_is_forbidden_fails", "test_jail.py::test_the_probe_reports_every_layer",
    "test_confinement.py::test_a_program_has_no_descriptors_but_its_own",
    "test_jail.py::test_a_right_program_is_accepted", "test_jail.py::test_a_jail_without_namespaces_leaves_no_folder",
)  # fmt: skip


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become somebody else; as an ordinary user all tests are this"
)
def test_an_ordinary_user_is_as_safe():
    """The same confinement where the judge is an ordinary user."""
    ended = as_another(CONFINED, **NOBODY)

    assert (ended.returncode, "skipped" in summary(ended)) == (0, False), summary(ended)


NO_NAMESPACES = (
    'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps -all --ambient-caps -all "$0" "$@"'
)


HOSTS = {
    "ordinary_user": ["--user", "--map-user=1000", "--keep-caps"],
    "root_of_a_container": ["--user", "--map-root-user"],
}


@pytest.mark.parametrize("who", HOSTS)
def test_a_host_without_user_namespaces_is_as_safe(who):
    """The same confinement where the kernel forbids user namespaces, by its own switch."""
    if not (shutil.which("unshare") and shutil.which("setpriv")):
        pytest.skip("needs unshare and setpriv of util-linux")
    before = ["unshare", *HOSTS[who], "sh", "-c", NO_NAMESPACES]
    how = NOBODY if os.geteuid() == 0 else {}
    if subprocess.run([*before, "true"], check=False, capture_output=True, **how).returncode != 0:
        pytest.skip("this host lets nobody make a user namespace to forbid them in")

    ended = as_another(CONFINED, *before, **how)

    assert (ended.returncode, "skipped" in summary(ended)) == (0, False), summary(ended)
