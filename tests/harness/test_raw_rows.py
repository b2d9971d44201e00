"""Finding the rows of a JSON file without decoding them."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from harness.runs import json_objects
from harness.runs.json_objects import children, spans

PATH = Path("data.json")
TEXTS = st.text(alphabet='ab"\\{}[],\n\u00e9\u2028', max_size=12)
OBJECTS = st.dictionaries(
    TEXTS,
    st.recursive(TEXTS | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)),
    max_size=4,
)


def found(data):
    """Return the rows that `spans` finds in some bytes."""
    return [data[start : start + length] for _, _, start, length in spans(io.BytesIO(data), PATH)]


@pytest.fixture(params=[1, 2, 7, 1 << 20])
def chunk_bytes(request, monkeypatch):
    """Read the file in chunks of few bytes, too."""
    monkeypatch.setattr(json_objects, "_CHUNK_BYTES", request.param)
    return request.param


@pytest.mark.parametrize("text", ["[]", " [\n ]\n"])
def test_an_empty_list_has_no_rows(chunk_bytes, text):
    """White space between the brackets is none."""
    assert found(text.encode()) == []
    assert chunk_bytes


def test_objects_of_a_list(chunk_bytes):
    """Braces, quotes and backslashes inside strings are text, wherever a chunk ends."""
    data = rb' [{"a": "}\\"}, {"b": {"c": ["{\""]}} ,{}' + b"\n]\n"

    rows = list(spans(io.BytesIO(data), PATH))

    assert [data[row.start :][: row.length] for row in rows] == [rb'{"a": "}\\"}', rb'{"b": {"c": ["{\""]}}', b"{}"]
    assert [(row.where, row.number) for row in rows] == [(f"data.json: element {n}", n) for n in range(3)]
    assert chunk_bytes


@pytest.mark.slow
@given(
    rows=st.lists(OBJECTS, max_size=4),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1]),
    chunk=st.integers(1, 9),
)
def test_every_list_comes_apart_into_its_objects(rows, ascii_only, indent, chunk):
    """Whatever the texts, the layout and the chunks."""
    data = json.dumps(rows, ensure_ascii=ascii_only, indent=indent).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_objects, "_CHUNK_BYTES", chunk)

        assert list(map(json.loads, found(data))) == rows


def test_lines_with_their_numbers():
    """Blank lines are skipped but counted; the last line may lack its end."""
    data = b'{"a": 1}\n\n  \n{"a": 2}\r\n{"a": 3}'

    rows = list(spans(io.BytesIO(data), PATH))

    assert [(row.where, row.number) for row in rows] == [("data.json:1", 0), ("data.json:4", 1), ("data.json:5", 2)]
    assert list(map(json.loads, found(data))) == [{"a": 1}, {"a": 2}, {"a": 3}]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"), (" \n", "is empty"),
        ('[{"a": 1', "ends within element 0"), ('[{"a": "', "ends within element 0"),
        ('[{"a": 1}', "after 1 objects: ''"), ('[{"a": 1}, ', "after 1 objects: ','"), ("[", r"after 0 objects: '\['"),
        ("[1, 2]", r"after 0 objects: '\[1, 2\]'"), ('["{}"]', "after 0 objects"),
        ("[1, {}]", r"before element 0: '\[1,'"), ("[{} {}]", "before element 1: ''"),
        ("[{}, 1, {}]", "before element 1"), ("[{}}]", "one brace too many after 1 objects"),
        ("[{}] {}", "before element 1"),
        (f"[{'1,' * 200_000}1]", "before element 0"),
    ],
)  # fmt: skip
def test_other_files_are_refused(text, problem):
    """What is no list of objects, or not all of one, is named with the place."""
    with pytest.raises(UserError, match=f"^data.json: .*{problem}"):
        found(text.encode())


NESTED = st.recursive(
    TEXTS | st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)
CONTAINERS = st.lists(NESTED, max_size=3) | st.dictionaries(TEXTS, NESTED, max_size=3)


@pytest.mark.slow
@given(
    before=st.dictionaries(st.sampled_from("ab"), NESTED),
    inside=st.lists(CONTAINERS, max_size=4) | st.dictionaries(TEXTS, CONTAINERS, max_size=4),
    chunk=st.integers(1, 9),
    indent=st.sampled_from([None, 1]),
)
def test_a_member_comes_apart_into_its_children(before, inside, chunk, indent):
    """Whatever stands before it, and wherever a chunk ends; so does a document itself."""
    wanted = list(inside.items()) if isinstance(inside, dict) else [("", value) for value in inside]
    document = json.dumps({**before, "wanted": inside, "z": [1]}, indent=indent).encode()
    alone = json.dumps(inside, indent=indent).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_objects, "_CHUNK_BYTES", chunk)
        for data, member in ((document, "wanted"), (alone, "")):
            read = list(children(io.BytesIO(data), PATH, member))

            assert [(name, json.loads(data[row.start :][: row.length])) for name, row in read] == wanted


@pytest.mark.parametrize("text", ['[["a"], 3]', "[3, []]", '{"a": [], "b": 1}', '{"a": 1, "b": []}', "[[]", '[["]'])
def test_what_is_no_container_is_refused_among_them(text):
    """Nothing is left out in silence."""
    with pytest.raises(UserError, match=r"^data.json: "):
        list(children(io.BytesIO(text.encode()), PATH))
