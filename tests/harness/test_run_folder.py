"""The folder of a run: started once, resumed by the same command, refused to any other."""

import msgspec
import pytest

from harness.errors import UserError
from harness.runs.jsonl import as_row
from harness.runs.records import Generation, Producer, PromptCardId, Run, Sampling, Source
from harness.runs.row_store import SampleCopy
from harness.runs.run_folder import open_generation, open_run
from sandbox.records import Limits


@pytest.fixture
def samples(make_sample, tmp_path_factory):
    """Return a function that copies the run's one sample."""
    return lambda: SampleCopy([make_sample()], tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture
def run(samples, make_run):
    """Return the record of the run."""
    return make_run(samples_sha256=samples().tally.sha256)


def contents(folder):
    """Return name -> bytes of a folder's files."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_starts_in_a_new_folder(tmp_path, run, samples):
    """The folder and its parents are made; it says what was asked and holds the samples."""
    open_run(tmp_path / "new" / "run", run, samples())

    files = contents(tmp_path / "new" / "run")
    assert set(files) == {"run.json", "samples.jsonl"}
    assert msgspec.json.decode(files["run.json"], type=Run) == run
    assert files["samples.jsonl"] == b'{"policy":"m","task_id":"1","index":0,"completion":"def f(): return 1"}\n'


@pytest.mark.parametrize("left", [{}, {"run.json.tmp"}, {"run.json"}, {"run.json", "samples.jsonl.tmp"}])
def test_goes_on_wherever_it_was_killed(tmp_path, run, samples, left):
    """What a kill leaves of a start is completed by the same start."""
    open_run(tmp_path / "whole", run, samples())
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in left:
        (killed / name).write_bytes(contents(tmp_path / "whole").get(name, b"ha"))

    open_run(killed, run, samples())

    assert contents(killed) == contents(tmp_path / "whole")


def changed(run, change):
    """Return a record with changes of its own or of its conditions."""
    if set(change) <= set(Run.__struct_fields__):
        return msgspec.structs.replace(run, **change)
    return msgspec.structs.replace(run, conditions=msgspec.structs.replace(run.conditions, **change))


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"k": (1, 10)}, r"its k was \[1\] and is now \[1,10\]"),
        ({"samples_sha256": "t"}, 'its samples_sha256 was "[0-9a-f]{64}" and is now "t"'),
        ({"extraction": "last"}, 'its extraction was "whole" and is now "last"'),
        ({"prompt_card": PromptCardId(name="c", sha256="h")}, "its prompt_card was null and is now {"),
        ({"problems": {"1": "q"}}, "its problems differ, such as task 1; choose another --out"),
        ({"problems": {"1": "p", "2": "q"}}, "its problems differ, such as task 2; choose another --out"),
        ({"python": "3.12.1"}, 'its python was "3.11.7" and is now "3.12.1"'),
        ({"limits": Limits(cpu_s=5.0)}, r"its limits\.cpu_s was 4\.0 and is now 5\.0"),
        ({"isolation": {}}, r'its isolation was {"seccomp":"in force"} and is now {}'),
    ],
)
def test_another_run_is_refused(tmp_path, run, samples, change, difference):
    """The difference is named, and nothing is changed."""
    open_run(tmp_path, run, samples())
    before = contents(tmp_path)

    with pytest.raises(UserError, match=difference):
        open_run(tmp_path, changed(run, change), samples())

    assert contents(tmp_path) == before


def test_a_run_begins_before_its_samples_are_there(tmp_path, run, samples):
    """Their SHA-256 is filled in when they are; from then on it is part of the run."""
    generating = msgspec.structs.replace(run, samples_sha256="")
    open_run(tmp_path, generating)
    assert set(contents(tmp_path)) == {"run.json"}
    open_run(tmp_path, generating)

    open_run(tmp_path, run, samples())
    before = contents(tmp_path)
    open_run(tmp_path, generating)

    assert contents(tmp_path) == before
    assert msgspec.json.decode(before["run.json"], type=Run) == run


def test_a_folder_with_other_things_is_refused(tmp_path, run, samples):
    """Files of somebody else are not mixed with a run."""
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(UserError, match=r"holds files, but no run\.json"):
        open_run(tmp_path, run, samples())


def test_a_file_is_refused(tmp_path, run, samples):
    """--out names a folder."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError, match="is a file"):
        open_run(tmp_path / "file", run, samples())


def test_samples_of_somebody_else_are_not_taken_over(tmp_path, run, samples):
    """A samples.jsonl that no record of this folder speaks of is a file like any other."""
    (tmp_path / "samples.jsonl").write_bytes(b"{}\n")

    with pytest.raises(UserError, match=r"holds files, but no run\.json"):
        open_run(tmp_path, run, samples())


@pytest.fixture
def drawn_here(tmp_path, samples):
    """Return a folder in which the run's sample was drawn."""
    generation = Generation(
        policy="m",
        producer=Producer(backend="b", model="m", weights="", dtype="", versions={}, options={}, repeatable=""),
        sampling=Sampling(n=1, temperature=0, top_p=1, max_tokens=1, stop=(), seed=0),
        prompt_card=PromptCardId(name="c", sha256="h"), benchmark="toy", problem_set="", splits=("test",), proctor="0",
        source=Source(benchmark="toy"), prompts={"1": "p"},
    )  # fmt: skip
    open_generation(tmp_path, generation)
    (tmp_path / "samples.jsonl").write_bytes(b"".join(map(as_row, samples().rows())))
    return tmp_path


def test_samples_that_were_drawn_here_are_judged_where_they_are(drawn_here, run):
    """They are not written again."""
    open_run(drawn_here, run)

    assert set(contents(drawn_here)) == {"generation.json", "run.json", "samples.jsonl"}


def test_other_samples_than_those_drawn_here_are_refused(drawn_here, run, samples):
    """Changed, or gone."""
    for change in (lambda path: path.write_bytes(b"{}\n"), lambda path: path.unlink()):
        change(drawn_here / "samples.jsonl")
        with pytest.raises(UserError, match="holds other samples than those that are to be judged"):
            open_run(drawn_here, run, samples())
    assert set(contents(drawn_here)) == {"generation.json"}


def test_the_place_of_the_problems_is_no_part_of_the_run(tmp_path, run, samples):
    """A file that moved holds the same problems, so the run goes on."""
    open_run(tmp_path, run, samples())
    before = contents(tmp_path)

    open_run(tmp_path, msgspec.structs.replace(run, source=Source(benchmark="toy", data="elsewhere")), samples())

    assert contents(tmp_path) == before


def test_a_folder_of_an_earlier_schema_is_refused(tmp_path, run, samples):
    """In one line that says how to judge its samples again."""
    (tmp_path / "run.json").write_text('{"samples_sha256": "s", "benchmark": "toy"}')

    with pytest.raises(UserError) as refused:
        open_run(tmp_path, run, samples())

    assert str(refused.value) == (
        f"{tmp_path}/run.json: has schema 0, this proctor reads 5; judge its samples again: "
        f"proctor score {tmp_path}/samples.jsonl --benchmark NAME --out NEW"
    )
