"""The file of a study: what it may hold, and what is said of any other."""

import re
from pathlib import Path

import pytest
from documents import DOCUMENTS, blocks, rows
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from trainers.study.study_file import Named, StepText, Study, filled, list_entries, named_in, needs, read_study

STUDIES = Path(__file__).parents[2] / "studies"
SHIPPED = tuple(sorted(STUDIES.glob("*.toml")))
GOOD = """
about = "One training."
[files]
data = "data.json"
[over]
seed = [0, 1]
model = [{ name = "small", id = "org/small" }]
[steps.groups]
command = "compile codenet {data} --out {out}"
[steps.trained]
command = "train sft --groups {groups} --model {model.id} --seed {seed} --out {out}"
"""


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a study from a text."""

    def of_text(text):
        path = tmp_path / "study.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        return read_study(path)

    return of_text


def test_a_study_is_read(read):
    """With its lists as entries, and its steps in the order of need."""
    study = read(GOOD)

    assert list_entries(study, "seed") == ({"name": "0"}, {"name": "1"})
    assert list_entries(study, "model") == ({"name": "small", "id": "org/small"},)
    assert needs(study) == {"groups": (), "trained": ("groups",)}


def test_names_in_braces_are_filled():
    """And the rest of a text stays."""
    values = {Named("seed"): "3", Named("model", "id"): "org/small"}

    assert named_in("a {seed} {model.id}") == tuple(values)
    assert filled("a {seed} {model.id} $b", values) == "a 3 org/small $b"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_studies_are_read(path):
    """All of them."""
    assert isinstance(read_study(path), Study)


def test_the_study_shown_is_read(read):
    """The example of docs/studies.md, and its table of keys is that of the code."""
    text = DOCUMENTS[Path("docs/studies.md")]
    (example,) = blocks(text, "toml")

    assert list(read(example).steps) == ["groups", "checkpoint", "run", "table"]
    assert [key for key, _ in rows(text, "key of a step")] == list(StepText.__struct_fields__)
    assert {re.match(r"\[(.*?)\]", name)[1] for name, _ in rows(text, "study")} == {path.name for path in SHIPPED}


def test_four_studies_ship():
    """The miniature, the paper, the scale of rewards, and rounds."""
    assert {path.stem for path in SHIPPED} == {
        "methods",
        "miniature",
        "paper",
        "reward-scale",
        "reward-scale-miniature",
        "rounds",
    }


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('about = "One training."', "", "missing required field `about`"),
        ("[over]", "[ovr]", "unknown field `ovr`"),
        ("[0, 1]", "[]", "length >= 1 - at `$.over[...]`"),
        ("[0, 1]", "[true]", "got `bool`"),
        ("[0, 1]", "[1, 1]", "over.seed: two entries have the same name"),
        ('name = "small"', 'title = "small"', "over.model: an entry has no name"),
        (
            "{data}",
            "{dat}",
            "steps.groups.command: {dat} is not a file, list or step of this study. Did you mean 'data'?",
        ),
        ("{data}", "{}", "'{}' is not a name in braces"),
        ("{data}", "{data", "'{data' is not a name in braces"),
        ("{data}", "{data.id}", "{data.id}: only entries of a list have values"),
        ("{model.id}", "{model.path}", "an entry of over.model has no path"),
        ("{data}", "{groups}", "steps.groups: needs itself, by groups <- groups"),
        ("{data}", "{model-2}", "is not a file, list or step"),
        ("compile codenet {data} --out {out}", "card {data} runs/a", "card can't be a step"),
        ("compile codenet", "study", "study can't be a step"),
        ('"compile codenet {data} --out {out}"', '" "', "begins with ''"),
        ("[files]\ndata", "[files]\nseed", "over.seed: is the name of files.seed already"),
        ("[files]\ndata", "[files]\nout", "files.out: is the name of the outcome of a step already"),
        ("[files]\ndata", "[files]\nData", "files.Data: is not a name"),
        ("[steps.groups]", "[steps.groups]\nper = ['size']", "steps.groups.per: 'size' is not a list in over"),
        (
            "[steps.groups]",
            "[steps.groups]\nafter = ['gate']",
            "steps.groups.after: 'gate' is not a step of this study",
        ),
        ("[steps.groups]", "[steps.groups]\nafter = ['trained']", "needs itself, by "),
        ("compile codenet", "reference", "reference can't be a step"),
        ("[steps.groups]", "[steps.groups]\neach = ['{out}']", "{out} is not a file, list or step"),
        ("[over]", "[over", "Expected ']'"),
    ],
)
def test_a_mistake_is_one_line(read, before, after, reason):
    """It names the file, the place, and what to do."""
    assert before in GOOD

    with pytest.raises(UserError) as caught:
        read(GOOD.replace(before, after))

    assert "study.toml: " in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@given(
    cut=st.integers(0, len(GOOD)),
    inserted=st.one_of(
        st.text(max_size=20), st.sampled_from(["{", "}", "[" * 3000, "{" * 3000, "{{seed}}", "\0", "\n"])
    ),
)
def test_any_other_text_is_refused_in_words_or_read(tmp_path_factory, cut, inserted):
    """Whatever a file holds, there is no other error."""
    path = tmp_path_factory.mktemp("studies") / "study.toml"
    path.write_bytes((GOOD[:cut] + inserted + GOOD[cut:]).encode("utf-8", "surrogatepass"))

    try:
        said = read_study(path).about
    except UserError as error:
        said = str(error)

    assert said == "One training." or "\n" not in said


@pytest.mark.parametrize("content", [b"\xff", b"a" * 2_000_000])
def test_what_is_no_text_or_too_long_is_refused(read, content):
    """Before it is looked into."""
    with pytest.raises(UserError):
        read(content)


def test_a_missing_file_is_one_line(tmp_path):
    """That says so."""
    with pytest.raises(UserError, match="No such file or directory; name the TOML file of a study"):
        read_study(tmp_path / "none.toml")
