"""The folder of a run: started once, resumed by the same command, refused to any other."""

import msgspec
import pytest

from harness.errors import UserError
from harness.records import Run
from harness.run_folder import close_run, fingerprint, open_run, usual_limits
from sandbox.limits import Limits
from sandbox.testcase import CallTest

RUN = Run(
    samples_sha256="s",
    benchmark="toy",
    splits=("test",),
    problems_sha256="p",
    k=(1,),
    limits=Limits(),
    exhaustive=False,
    isolation={"seccomp": "in force"},
    preload=(),
    python="3.11.7",
    proctor="0",
)


def contents(folder):
    """Return name -> bytes of a folder's files."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_starts_in_a_new_folder(tmp_path, make_sample):
    """The folder and its parents are made; it says what was asked and holds the samples."""
    open_run(tmp_path / "new" / "run", RUN, [make_sample()])

    files = contents(tmp_path / "new" / "run")
    assert set(files) == {"run.json", "samples.jsonl"}
    assert msgspec.json.decode(files["run.json"], type=Run) == RUN
    assert files["samples.jsonl"] == b'{"policy":"m","task_id":"1","index":0,"completion":"def f(): return 1"}\n'


@pytest.mark.parametrize("left", [{}, {"run.json.tmp"}, {"run.json"}, {"run.json", "samples.jsonl.tmp"}])
def test_goes_on_wherever_it_was_killed(tmp_path, make_sample, left):
    """What a kill leaves of a start is completed by the same start."""
    open_run(tmp_path / "whole", RUN, [make_sample()])
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in left:
        (killed / name).write_bytes(contents(tmp_path / "whole").get(name, b"ha"))

    open_run(killed, RUN, [make_sample()])

    assert contents(killed) == contents(tmp_path / "whole")


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"k": (1, 10)}, r"its k was \[1\] and is now \[1,10\]"),
        ({"samples_sha256": "t"}, 'its samples_sha256 was "s" and is now "t"'),
        ({"python": "3.12.1"}, 'its python was "3.11.7" and is now "3.12.1"'),
        ({"isolation": {}}, r'its isolation was {"seccomp":"in force"} and is now {}'),
    ],
)
def test_another_run_is_refused(tmp_path, change, difference):
    """The difference is named, and nothing is changed."""
    open_run(tmp_path, RUN, [])
    before = contents(tmp_path)

    with pytest.raises(UserError, match=difference):
        open_run(tmp_path, msgspec.structs.replace(RUN, **change), [])

    assert contents(tmp_path) == before


def test_a_folder_with_other_things_is_refused(tmp_path):
    """Files of somebody else are not mixed with a run."""
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(UserError, match=r"holds files, but no run\.json"):
        open_run(tmp_path, RUN, [])


def test_a_file_is_refused(tmp_path):
    """--out names a folder."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError, match="is a file"):
        open_run(tmp_path / "file", RUN, [])


def test_results_are_a_json_array(tmp_path):
    """No policy, no result: an array all the same."""
    close_run(tmp_path, ())

    assert contents(tmp_path) == {"result.json": b"[]\n", "report.md": b""}


def test_fingerprints_tell_values_apart(make_problem):
    """A list is no tuple, 1 is not True, and limits count; the order inside a set doesn't."""

    def fingerprint_of(expected):
        test = CallTest(function="f", arguments=(), expected=expected)
        return fingerprint([msgspec.structs.replace(make_problem(), tests=(test,))])

    values = [(1, 2), [1, 2], [2, 1], {1, 2}, [True, 2], [1.0, 2], "(1, 2)", {1: 2}, {2: 1}]

    assert len({fingerprint_of(value) for value in values}) == len(values)
    assert fingerprint_of({"a", "b", ("c", "d")}) == fingerprint_of({("c", "d"), "b", "a"})
    assert fingerprint([make_problem()]) != fingerprint(
        [msgspec.structs.replace(make_problem(), limits=Limits(cpu_s=5.0))]
    )


def test_usual_limits(make_problem):
    """The limits that most problems have stand for all of them in the report."""
    slow = msgspec.structs.replace(make_problem("slow"), limits=Limits(cpu_s=18.0))

    assert usual_limits([slow, make_problem("a"), make_problem("b")]) == Limits()
