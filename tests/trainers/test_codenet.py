"""CodeNet's tree: rows, sources and pages, and everything that may be wrong with them."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from trainers.compile import codenet
from trainers.compile.data_card import ODDITIES, PROBLEMS, ROWS, STATUSES, Rule
from trainers.compile.rewards import Status

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def fates(index):
    """Return the rows that were dropped, by rule."""
    return {rule: count for (table, rule), count in index.counts.items() if table == ROWS and count}


def test_a_row_becomes_a_submission(make_tree, row):
    """Numbers with their units; the status in CodeNet's words."""
    tree = make_tree([row(7, "Time Limit Exceeded", cpu_time="2000", memory="", code_size="31")], {})

    (submission,) = codenet.index(tree, "p00001").submissions

    assert submission == codenet.Submission(
        submission_id="s000000007",
        problem_id="p00001",
        filename_ext="py",
        status=Status.TIME_LIMIT,
        cpu_time_ms=2000.0,
        memory_kb=None,
        code_size_bytes=31.0,
    )


def test_unusable_rows_are_counted(make_tree, row):
    """Each by the rule that says why, and the good ones are kept, sorted by id."""
    rows = [
        row(2),
        row(1, "Wrong Answer"),
        row(3, language="C++"),
        "s000000004,p00001",
        row(5) + ",more",
        row(6, "Internal Error"),
        row(7, "Waiting for Re-judging"),
        row(8, "Splendid"),
        row(2),
        row(9, problem_id="p00002"),
        row(10, id="../../../etc/passwd"),
        row(11, filename_ext="../x"),
        "",
        '"s000000012\n\n,p00001"',
    ]

    index = codenet.index(make_tree(rows, {}), "p00001")

    assert [submission.submission_id for submission in index.submissions] == ["s000000001", "s000000002"]
    assert fates(index) == {
        Rule.OTHER_LANGUAGE: 1,
        Rule.MALFORMED_ROW: 2 + 3,  # the last one runs over three lines
        Rule.JUDGE_SIDE: 2,
        Rule.UNKNOWN_STATUS: 1,
        Rule.REPEATED_ID: 1,
        Rule.OTHER_PROBLEM: 1,
        Rule.BAD_ID: 2,
    }
    assert index.counts[STATUSES, "Accepted"] == 1


def test_python_2_is_another_language(make_tree, row):
    """By the judges' own names; where they say nothing, the program is looked at later."""
    names = [
        "Python (2.7.6)",
        "PyPy2 (5.6.0)",
        "Python",
        "Python (3.8.2)",
        "PyPy3 (2.4.0)",
        "Python3 (3.4.3)",
        "",
        "Cython",
    ]

    index = codenet.index(make_tree([row(at, original=name) for at, name in enumerate(names)], {}), "p00001")

    assert [submission.submission_id[-1] for submission in index.submissions] == ["3", "4", "5", "6", "7"]
    assert fates(index) == {Rule.PYTHON_2: 3}


def test_odd_numbers_are_unknown(make_tree, row):
    """Negative times and words for numbers cost no row, but are counted."""
    tree = make_tree([row(1, "Wrong Answer", cpu_time="-1", memory="1e3"), row(2, code_size="")], {})

    index = codenet.index(tree, "p00001")

    assert [s.cpu_time_ms for s in index.submissions] == [None, 20.0]
    assert [s.memory_kb for s in index.submissions] == [None, 9000.0]
    assert index.submissions[1].code_size_bytes is None
    assert (index.counts[ODDITIES, "negative cpu_time"], index.counts[ODDITIES, "unreadable memory"]) == (1, 1)


def test_missing_columns_are_told(make_tree):
    """Without a needed one every row is dropped; without another the value is unknown."""
    short = "submission_id,problem_id,language,filename_ext,status"
    lacking_header = "submission_id,problem_id,language"
    rows = ["s000000001,p00001,py", "s000000002,p00001,py"]
    lacking = codenet.index(make_tree(rows, {}, header=lacking_header), "p00001")
    enough = codenet.index(make_tree(["s000000001,p00001,Python,py,Accepted"], {}, header=short), "p00001")

    assert fates(lacking) == {Rule.MISSING_COLUMNS: 2}
    assert [s.cpu_time_ms for s in enough.submissions] == [None]


def test_unreadable_metadata_are_counted(make_tree):
    """A folder in place of the file costs the problem, not the run."""
    tree = make_tree([], {})
    (tree / "metadata" / "p00002.csv").mkdir()

    assert codenet.problem_ids(tree) == ("p00001", "p00002")
    assert codenet.index(tree, "p00002").counts == {(PROBLEMS, "metadata can't be read"): 1}


@given(st.binary(max_size=300))
def test_no_row_is_lost(tmp_path_factory, row, header, noise):
    """With any bytes between two rows, each line is a submission or counted, or empty."""
    tree = tmp_path_factory.mktemp("tree")
    (tree / "metadata").mkdir()
    data = f"{header}\n{row(1)}\n".encode() + noise
    (tree / "metadata" / "p00001.csv").write_bytes(data)

    index = codenet.index(tree, "p00001")
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:]

    accounted = len(index.submissions) + sum(fates(index).values())
    assert sum(bool(line) for line in lines) <= accounted <= len(lines)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"print(1)\r\nprint(2)\r", "print(1)\nprint(2)\n"),
        (b"\xef\xbb\xbfprint(1)\n", "print(1)\n"),
        ("# coding: euc-jp\nprint('日')\n".encode("euc-jp"), "# coding: euc-jp\nprint('日')\n"),
        ("print('日')\n".encode("cp932"), Rule.WRONG_ENCODING),
        (b"# coding: nonsense\n", Rule.WRONG_ENCODING),
        (b"# coding: rot13\n", Rule.WRONG_ENCODING),
        (b"# coding: unicode_escape\n'\\ud800'\n", Rule.WRONG_ENCODING),
        (b" \n\t\n", Rule.EMPTY_SOURCE),
        (b"", Rule.EMPTY_SOURCE),
        (b"#" * (codenet.MAX_SOURCE_BYTES + 1), Rule.TOO_LARGE),
    ],
)
def test_sources_are_decoded_as_python_does(make_tree, data, expected, row):
    """By their own declaration; what can't be decoded is dropped, not guessed."""
    tree = make_tree([row(1)], {1: data})
    (submission,) = codenet.index(tree, "p00001").submissions

    assert codenet.source(tree, submission) == expected


def test_only_plain_files_are_sources(make_tree, row):
    """A link, a pipe and a folder are none, and a missing file is distinguished from them."""
    tree = make_tree([row(number) for number in range(1, 5)], {})
    folder = tree / "data" / "p00001" / "Python"
    (folder / "s000000001.py").symlink_to("/etc/passwd")
    os.mkfifo(folder / "s000000002.py")
    (folder / "s000000003.py").mkdir()

    found = [codenet.source(tree, submission) for submission in codenet.index(tree, "p00001").submissions]

    assert found == [Rule.NO_FILE, Rule.NO_FILE, Rule.NO_FILE, Rule.NO_SOURCE]


def test_pages_that_are_missing_or_no_utf8(make_tree):
    """Each has a rule of its own."""
    tree = make_tree([], {}, page=None)
    (tree / "problem_descriptions" / "p00002.html").write_bytes("日本".encode("euc-jp"))

    assert codenet.statement_page(tree, "p00001") == Rule.NO_STATEMENT
    assert codenet.statement_page(tree, "p00002") == Rule.BAD_STATEMENT


def test_stray_sources_are_counted(make_tree, row):
    """A file that no row names, and a problem without a folder."""
    tree = make_tree([row(1)], {1: "print(1)", 2: "print(2)"})

    assert codenet.stray_sources(tree, "p00001", codenet.index(tree, "p00001").submissions) == 1
    assert codenet.stray_sources(tree, "p00009", ()) == 0


def test_the_problem_list_is_read_as_csv(make_tree):
    """Names hold commas and quotes; a missing limit is unknown; a missing list is empty."""
    tree = make_tree([], {})
    assert codenet.time_limits_ms(tree) == {}
    (tree / "metadata" / "problem_list.csv").write_text(
        'id,name,dataset,time_limit,memory_limit\np00001,"A, ""B""",AIZU,8000,131072\np00002,C,AIZU,,\n'
    )

    assert codenet.time_limits_ms(tree) == {"p00001": 8000.0, "p00002": None}


def test_what_is_no_tree_is_refused(tmp_path):
    """One line says what to name."""
    with pytest.raises(UserError, match="has no folder metadata"):
        codenet.problem_ids(tmp_path)
    (tmp_path / "metadata").mkdir()
    with pytest.raises(UserError, match=r"holds no pXXXXX\.csv"):
        codenet.problem_ids(tmp_path)


def test_original_metadata_have_no_oddities(tmp_path):
    """157 rows of CodeNet as IBM published them: 131 accepted, 26 wrong answers, every number known."""
    path = DATA / "codenet_metadata_p00025_python3.csv"
    if not path.is_file():
        pytest.skip("needs codenet_metadata_p00025_python3.csv in ../shared/data")
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "p00025.csv").write_bytes(path.read_bytes())

    index = codenet.index(tmp_path, "p00025")

    assert index.counts == {(STATUSES, "Accepted"): 131, (STATUSES, "Wrong Answer"): 26, (ROWS, Rule.OTHER_LANGUAGE): 0}
    assert len(index.submissions) == 157
    assert all(submission.cpu_time_ms is not None for submission in index.submissions)
