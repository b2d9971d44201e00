"""`proctor compile` from files to files: groups, cards, and the messages for mistakes."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest

from harness.cli.main import run
from trainers.compile import write
from trainers.compile.data_card import Card
from trainers.groups import GROUPS_FILE, read_groups

pytestmark = pytest.mark.slow

pytest.importorskip("pyarrow", reason="needs pyarrow, of the extra train")
tokenizers = pytest.importorskip("tokenizers", reason="needs tokenizers, of the extra train")

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TASK = """
kind = "stdio"
statement = "{}"
reference = "print(1)"
programs = []
cases = [{{stdin = "", stdout = "1"}}]
"""
SUM = "a, b = map(int, input().split())\nprint(a + b)\n"


@pytest.fixture
def tokenizer(tmp_path):
    """Write a tokenizer that cuts at white space, and return its file."""
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))  # noqa: S106 - no password
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    words.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


@pytest.fixture
def compile_tree(tmp_path, tokenizer, make_tree, row):
    """Return a function that compiles a tree of one problem with five submissions."""
    rows = [row(1), *(row(number, "Wrong Answer") for number in (2, 3, 4)), row(5, language="C++"), "s6"]
    sources = {1: SUM, 2: "print(4)\n", 3: "print(5)\n", 4: "print(6)\n"}
    tree = make_tree(rows, sources)

    def compile_with(*options, out="groups"):
        return run(
            ["compile", "codenet", str(tree), "--tokenizer", str(tokenizer), "--out", str(tmp_path / out), *options]
        )

    return compile_with


def card_of(folder):
    """Return the card of a folder."""
    return msgspec.json.decode((folder / "card.json").read_bytes(), type=Card)


def test_a_tree_becomes_groups_and_a_card(compile_tree, tmp_path, capsys):
    """The card accounts for every row and holds the hash of the file; nothing else is left."""
    assert compile_tree("--workers", "2") == 0

    folder = tmp_path / "groups"
    card = card_of(folder)
    (group,) = read_groups(folder)
    assert card.groups_sha256 == hashlib.sha256((folder / GROUPS_FILE).read_bytes()).hexdigest()
    assert card.fates == {"in a group": 4, "malformed row": 1, "other programming language": 1}
    assert (card.rows, card.groups, card.completions) == (6, 1, 4)
    assert card.completion_tokens == 8 + 3 * 1  # SUM is eight words
    assert card.prompt_tokens == len(group.prompt.split())
    assert card.tables["accepted members of a group"] == {"1": 1}
    assert card.tables["tokens of a completion"] == {"1": 3, "8-15": 1}
    assert sorted(path.name for path in folder.iterdir()) == ["card.json", "card.md", GROUPS_FILE]
    assert not (tmp_path / "groups.tmp").exists()
    printed = capsys.readouterr().out
    assert (folder / "card.md").read_text().partition("\n---\n\n")[2] in printed
    assert "| in a group | 4 |" in printed


def test_the_card_names_no_folder_of_this_machine(compile_tree, tmp_path):
    """A benchmark of one's own is named by its file, and the tree not at all."""
    examples = Path(__file__).parents[2] / "examples"

    assert compile_tree("--against", f"{examples / 'benchmark.py'}:clocks") == 0

    folder = tmp_path / "groups"
    assert card_of(folder).recipe.against == ("benchmark.py:clocks",)
    texts = [(folder / name).read_text() for name in ("card.json", "card.md")]
    assert [str(place) in text for text in texts for place in (examples, tmp_path)] == [False] * 4


def test_one_benchmark_twice_is_refused(compile_tree, capsys):
    """The second would silently take the place of the first."""
    assert compile_tree("--against", "mini", "--against", "mini") == 2
    assert "--against: two of these have the same name" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{}", "[", '{"source": 1}'])
def test_a_broken_origin_is_named(compile_tree, tmp_path, capsys, text):
    """It says what the submissions are, so it is not passed over."""
    (tmp_path / "codenet" / "origin.json").write_text(text)

    assert compile_tree() == 2
    assert "origin.json" in capsys.readouterr().err


def test_what_a_killed_compile_left_is_overwritten(compile_tree, tmp_path):
    """Its half-written file is neither taken for groups nor in the way."""
    (tmp_path / "groups.tmp").mkdir()
    (tmp_path / "groups.tmp" / GROUPS_FILE).write_bytes(b"PAR1 half")

    assert compile_tree() == 0
    assert len(list(read_groups(tmp_path / "groups"))) == 1


@pytest.mark.parametrize("problems", [1, 2, 3])
def test_a_killed_compile_goes_on_to_the_same_bytes(tmp_path, tokenizer, make_tree, row, monkeypatch, *, problems):
    """Killed when a problem is half written: those before it are not compiled again."""
    for number in (1, 2, 3):
        name = f"p0000{number}"
        rows = [row(1, problem_id=name), *(row(at, "Wrong Answer", problem_id=name) for at in (2, 3, 4))]
        tree = make_tree(rows, {1: SUM, 2: "print(4)\n", 3: "print(5)\n", 4: "print(6)\n"}, problem_id=name)

    def compile_to(name, *options):
        given = ["compile", "codenet", str(tree), "--tokenizer", str(tokenizer), "--out", str(tmp_path / name)]
        return run([*given, "--workers", "1", *options])

    def until(file, record):
        if len(appended) == problems - 1:
            file.write(b'[{"groups":')
            file.flush()
            raise KeyboardInterrupt
        appended.append(record)
        append(file, record)

    appended, append = [], write.append
    assert compile_to("whole") == 0
    with monkeypatch.context() as patch:
        patch.setattr(write, "append", until)
        compile_to("killed")
    assert not (tmp_path / "killed").exists()
    monkeypatch.setattr(write, "append", lambda file, record: appended.append(record) or append(file, record))

    assert compile_to("killed") == 0

    assert len(appended) == 3
    for name in (GROUPS_FILE, "card.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_draft_with_other_options_is_not_continued(compile_tree, monkeypatch):
    """Another seed is another compilation, which begins anew."""

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(write, "write_groups", stop)
        compile_tree()
    appended, append = [], write.append
    monkeypatch.setattr(write, "append", lambda file, record: appended.append(record) or append(file, record))

    assert compile_tree("--seed", "1") == 0
    assert len(appended) == 1


def test_rejudging_fills_a_table(compile_tree, tmp_path, capsys):
    """Status against verdict, in both forms of the card."""
    assert compile_tree("--rejudge", "--json", "--workers", "1") == 0

    assert card_of(tmp_path / "groups").rejudged == {"Accepted": {"accepted": 1}, "Wrong Answer": {"wrong_answer": 3}}
    assert json.loads(capsys.readouterr().out)["rejudged"]["Accepted"] == {"accepted": 1}
    assert "| Accepted | 1 | 0 |" in (tmp_path / "groups" / "card.md").read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_accepted_submission_that_can_not_run_here_is_dropped_and_another_takes_its_place(
    make_tree, row, tokenizer, tmp_path, workers
):
    """Python 2 that parses: 1/2 is 0 there. Rejected ones may fail; what only prints otherwise stays."""
    old = "a, b = map(int, raw_input().split())\nprint(a + b)\n"
    spelled = [f"{SUM}print({number}, end='')\n" for number in range(3)]
    texts = [f"# {number}\nx{number} = 1\n{old}" for number in range(4)] + [SUM, *spelled]
    rows = [row(number, id=f"s{number:09}") for number in range(1, 9)]
    rows += [row(number, "Wrong Answer", id=f"s{number:09}") for number in range(9, 20)]
    texts += [f"{old}print({number})\n" for number in range(9, 20)]
    tree = make_tree(rows, dict(enumerate(texts, 1)))
    given = ["compile", "codenet", str(tree), "--tokenizer", str(tokenizer), "--max-accepted", "3", "--seed", "3"]

    assert run([*given, "--rejudge", "--workers", workers, "--out", str(tmp_path / "groups")]) == 0

    card = card_of(tmp_path / "groups")
    members = [member for group in read_groups(tmp_path / "groups") for member in group.source_ids]
    assert not {f"s{number:09}" for number in range(1, 5)} & set(members)
    assert card.fates["accepted, but fails to run here"] in range(1, 5)
    assert card.rejudged["Accepted"].keys() <= {"accepted", "wrong_answer"}
    assert sum(card.rejudged["Accepted"].values()) == 3
    assert sum(card.fates.values()) == card.rows == 19
    assert card.recipe.rejudged_by


def test_rejudging_that_was_killed_ends_with_the_same_groups(make_tree, row, tokenizer, tmp_path, monkeypatch):
    """In its second round, when a problem was compiled again."""
    old = ["print raw_input()", "raw_input()\n", f"1/0\n{SUM}", f"import nowhere\n{SUM}"]
    rows = [row(number) for number in range(1, 6)] + [row(number, "Wrong Answer") for number in range(6, 12)]
    tree = make_tree(rows, dict(enumerate([*old, SUM, *(f"print({number})\n" for number in range(6, 12))], 1)))
    given = ["compile", "codenet", str(tree), "--tokenizer", str(tokenizer), "--max-accepted", "1", "--workers", "1"]
    assert run([*given, "--rejudge", "--out", str(tmp_path / "whole")]) == 0
    rounds, compile_again = [], write._compile_again  # noqa: SLF001 - a kill comes anywhere

    def killed(*arguments):
        compile_again(*arguments)
        rounds.append(1)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(write, "_compile_again", killed)
        run([*given, "--rejudge", "--out", str(tmp_path / "killed")])
    assert run([*given, "--rejudge", "--out", str(tmp_path / "killed")]) == 0

    for name in (GROUPS_FILE, "card.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert rounds


def test_rejudged_members_that_lack_a_package_are_counted_by_its_name(tmp_path, tokenizer, make_tree, row):
    """In a table of the card, of those that were judged again."""
    sources = {1: SUM, 2: "import nosuch.part\n", 3: "import nosuch\nprint(5)\n", 4: "print(6)\n"}
    tree = make_tree([row(1), *(row(number, "Wrong Answer") for number in (2, 3, 4))], sources)
    command = ["compile", "codenet", str(tree), "--tokenizer", str(tokenizer), "--out", str(tmp_path / "groups")]

    assert run([*command, "--rejudge", "--workers", "1"]) == 0

    assert card_of(tmp_path / "groups").tables["packages that members failed for"] == {"nosuch": 2}
    assert "| nosuch | 2 |" in (tmp_path / "groups" / "card.md").read_text()


def test_options_reach_the_card(compile_tree, tmp_path):
    """The options are on the card, and decide."""
    (tmp_path / "rewards.toml").write_text('[rewards]\nAccepted = 2\n"Wrong Answer" = -2\n')
    assert (
        compile_tree(
            "--seed", "5", "--group-size", "2", "--rewards", str(tmp_path / "rewards.toml"), "--language", "en"
        )
        == 0
    )

    recipe = card_of(tmp_path / "groups").recipe
    assert (recipe.seed, recipe.group_size, recipe.language) == (5, 2, "en")
    assert [sorted(group.rewards) for group in read_groups(tmp_path / "groups")] == [[-2.0, 2.0]]


def test_contaminated_problems_are_told_and_dropped(compile_tree, tmp_path, capsys):
    """A benchmark of files with the same question."""
    (tmp_path / "toy" / "introductory").mkdir(parents=True)
    statement = "Read two integers from a line of the standard input and print their sum."
    (tmp_path / "toy" / "introductory" / "sum.toml").write_text(TASK.format(statement))
    against = ["--against", f"mini={tmp_path / 'toy'}"]

    assert compile_tree(*against, "--keep-contaminated", out="kept") == 0
    assert compile_tree(*against) == 2

    assert "has no groups; card.md" in capsys.readouterr().err
    dropped = card_of(tmp_path / "groups")
    assert [(match.what, match.task_id, match.overlap) for match in dropped.contaminated] == [
        ("p00001", "introductory/sum", 1.0)
    ]
    assert dropped.contaminated == card_of(tmp_path / "kept").contaminated
    assert dropped.fates["statement overlaps a benchmark"] == 4
    assert "| p00001 | mini | introductory/sum | 1.00 |" in (tmp_path / "groups" / "card.md").read_text()


def test_mistakes_are_one_line(compile_tree, tmp_path, capsys):
    """A folder that is taken, no tree, no tokenizer, no such benchmark; nothing is written then."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("")
    assert compile_tree(out="taken") == 2
    assert "exists already; choose a new folder" in capsys.readouterr().err
    options = ["--out", str(tmp_path / "new"), "--tokenizer"]
    assert run(["compile", "codenet", str(tmp_path), *options, str(tmp_path / "tokenizer.json")]) == 2
    assert "has no folder metadata" in capsys.readouterr().err
    (tmp_path / "bad.json").write_text("{}")
    assert run(["compile", "codenet", str(tmp_path / "codenet"), *options, str(tmp_path / "bad.json")]) == 2
    assert "not a tokenizer.json" in capsys.readouterr().err
    assert compile_tree("--against", "nonsense") == 2
    assert "no benchmark 'nonsense'" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_judged_run_becomes_groups(tmp_path, monkeypatch, capsys):
    """What `proctor score` wrote is read as it is; samples of one prompt make a group."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy" / "introductory").mkdir(parents=True)
    (tmp_path / "toy" / "introductory" / "one.toml").write_text(TASK.format("Print 1."))
    samples = [("print(1)", "p"), ("print(2)", "p"), ("print(1/0)", "p"), ("print(", "p"), ("print(3)", "other")]
    with (tmp_path / "samples.jsonl").open("w") as file:
        for completion, prompt in samples:
            sample = {"task_id": "introductory/one", "model": "tiny", "completion": completion, "prompt": prompt}
            file.write(json.dumps(sample) + "\n")
    assert (
        run(["score", "samples.jsonl", "--benchmark", "mini", "--data", "toy", "--out", "run", "--workers", "1"]) == 0
    )
    capsys.readouterr()

    assert run(["compile", "run", "run", "--out", "groups"]) == 0

    (group,) = read_groups(tmp_path / "groups")
    assert dict(zip(group.completions, group.rewards, strict=True)) == {
        "print(1)": 1.0, "print(2)": -0.1, "print(1/0)": -0.6, "print(": -1.0,
    }  # fmt: skip
    card = card_of(tmp_path / "groups")
    assert card.fates == {"in a group": 4, "no partners left for a group": 1}
    assert "tokens of a completion" not in card.tables


def test_real_submissions(tokenizer, tmp_path, capsys):
    """The same bytes with 1 and 2 workers; all 2,528 rows accounted for; groups hold both outcomes."""
    tree = DATA / "codenet_mini"
    if not tree.is_dir():
        pytest.skip("needs codenet_mini in ../shared/data")
    for workers in ("1", "2"):
        options = ["--tokenizer", str(tokenizer), "--out", str(tmp_path / workers), "--workers", workers]
        assert run(["compile", "codenet", str(tree), *options]) == 0
    capsys.readouterr()

    card = card_of(tmp_path / "1")
    found = list(read_groups(tmp_path / "1"))
    assert card == card_of(tmp_path / "2")
    assert (card.rows, sum(card.fates.values())) == (2528, 2528)
    assert card.tables["statuses of the rows in the language"] == {
        "Accepted": 1538, "Runtime Error": 51, "Time Limit Exceeded": 6, "Wrong Answer": 933,
    }  # fmt: skip
    assert card.groups == len(found) > 100
    assert all({max(group.rewards) > 0, min(group.rewards) > 0} == {True, False} for group in found)
    used = [source_id for group in found for source_id in group.source_ids]
    assert len(set(used)) == len(used) == 4 * card.groups
