"""The page: its content, that nothing a model wrote can run in it, and that its data is found."""

import html.parser
import json
import re
from pathlib import Path

import explored
import pytest

from harness.cli.main import run
from harness.errors import UserError
from leaderboards.page import data
from leaderboards.page.document import SCRIPTS
from leaderboards.page.page import write_page

OURS = {f"scripts/{name}" for name in SCRIPTS}


class Page(html.parser.HTMLParser):
    """What a browser's parser would make of a page: its tags, their attributes, and the text."""

    def __init__(self, text):
        """Parse it."""
        super().__init__()
        self.tags, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Note a text."""
        self.text.append(data)


def received(path):
    """Return the name and the value that a file of data hands to the page, and that it does nothing else."""
    name, value = re.fullmatch(r'proctorReceive\("([a-z0-9-]+)", (.*)\);\n', path.read_text(), re.DOTALL).groups()
    return name, json.loads(value)


def page_of(folder):
    """Return the parsed page of a folder."""
    return Page((Path(folder) / "index.html").read_text())


def test_the_folder_needs_nothing_else(run_of, tmp_path):
    """Everything that the page refers to is beside it, and it says that nothing else may be loaded."""
    out = tmp_path / "page"

    assert run(["table", run_of("run", {"1": ["a"]}), "--format", "html", "--out", str(out)]) == 0

    page = page_of(out)
    refers = [attributes.get(key) for _, attributes in page.tags for key in ("src", "href") if attributes.get(key)]
    assert {name for name in refers if not name.startswith("#")} == {"page.css", *OURS}
    assert all((out / name).is_file() for name in refers if not name.startswith("#"))
    (policy,) = (a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'self' file:;")
    assert sorted(path.name for path in (out / "data").iterdir()) == ["overview.js", "run0-0.js", "set0-0.js"]
    assert {path.name for path in (out / "scripts").iterdir()} == set(SCRIPTS)


def test_problems_and_samples_are_found_by_what_the_list_says(run_of, tmp_path, monkeypatch):
    """Each line names the files with statement and samples; files are closed when they are large enough."""
    monkeypatch.setattr(data, "CHUNK_BYTES", 300)
    source = run_of("run", {"one": ["a", "b"], "two": ["c"], "three": ["d"]}, difficulty="easy")
    out = tmp_path / "page"

    assert run(["table", source, "--format", "html", "--out", str(out)]) == 0

    name, (one_set,) = received(out / "data" / "overview.js")
    (of_run,) = one_set["runs"]
    assert (name, one_set["name"], one_set["base"], of_run["name"]) == ("overview", "set0", "run0", "run0")
    assert [line[:3] for line in one_set["problems"]] == [[name, "easy", "call"] for name in ("one", "two", "three")]
    assert of_run["verdicts"] == ["ww", "w", "w"]
    assert of_run["chunks"] == [0, 1, 1]
    for (task_id, *_, chunk), samples_chunk in zip(one_set["problems"], of_run["chunks"], strict=True):
        assert task_id in {problem["task_id"] for problem in received(out / "data" / f"set0-{chunk}.js")[1]}
        held = {row["task_id"]: row for row in received(out / "data" / f"run0-{samples_chunk}.js")[1]}
        texts = [sample["text"] for sample in held[task_id]["samples"]]
        assert texts == {"one": ["a", "b"], "two": ["c"], "three": ["d"]}[task_id]


def test_a_sample_shows_what_was_expected_and_what_came(run_of, tmp_path):
    """Of the first test that failed; the verdict, why, and the text, which is not known to be the program."""
    run(["table", run_of("run", {"1": ["x = 2"]}), "--format", "html", "--out", str(tmp_path / "page")])

    ((problem,),) = [received(tmp_path / "page" / "data" / "run0-0.js")[1]]

    (sample,) = problem["samples"]
    assert (sample["verdict"], sample["detail"], sample["text"]) == ("wrong_answer", "x = 2", "x = 2")
    assert (sample["failed"], sample["expected"], sample["actual"]) == (2, "1", "2x = 2")
    assert sample["whole"] is False


def test_a_problem_is_shown_with_the_tests_that_samples_failed(tmp_path):
    """The first three, and those that failed, by their numbers; of each what the program gets and should answer."""
    folder = explored.write_runs(tmp_path / "runs")["base"]
    assert run(["table", folder, "--format", "html", "--out", str(tmp_path / "page")]) == 0

    rows = {row["task_id"]: row for row in received(tmp_path / "page" / "data" / "set0-0.js")[1]}

    for problem in explored.problems()[:5]:
        row = rows[problem.task_id]
        assert (row["statement"], row["missing"]) == (problem.statement, "")
        assert [test["number"] for test in row["tests"]] == list(range(1, min(3, len(problem.tests)) + 1))
        assert row["test_count"] == len(problem.tests)


def test_the_program_is_told_from_what_extraction_left_out(tmp_path):
    """It is found anew in the completion, and known to be what ran by its hash."""
    folder = explored.write_runs(tmp_path / "runs")["base"]
    assert run(["table", folder, "--format", "html", "--out", str(tmp_path / "page")]) == 0

    samples = received(tmp_path / "page" / "data" / "run0-0.js")[1][0]["samples"]

    assert all(sample["whole"] for sample in samples)
    assert "I count first." not in samples[0]["text"]
    assert "I count first." in "".join(samples[0]["left_out"])
    assert "This is sample 0 of base." in "".join(samples[0]["left_out"])


def test_problems_that_were_changed_are_not_shown(tmp_path):
    """The samples are, and the page says what is missing."""
    folder = Path(explored.write_runs(tmp_path / "runs")["base"])
    record = json.loads((folder / "run.json").read_text())
    record["problems"] = dict.fromkeys(record["problems"], "another")
    (folder / "run.json").write_text(json.dumps(record))
    assert run(["table", str(folder), "--format", "html", "--out", str(tmp_path / "page")]) == 0

    (row, *_) = received(tmp_path / "page" / "data" / "set0-0.js")[1]
    (samples, *_) = received(tmp_path / "page" / "data" / "run0-0.js")[1]

    assert (row["statement"], row["tests"]) == ("", [])
    assert "is not the one that was judged" in row["missing"]
    assert [sample["whole"] for sample in samples["samples"]] == [False] * explored.SAMPLES


def test_the_summary_tells_date_models_runs_and_protocol(tmp_path):
    """And no path of this machine."""
    folders = explored.write_runs(tmp_path / "runs")
    named = [f"{method}={folder}" for method, folder in folders.items()]
    assert run(["table", *named, "--format", "html", "--out", str(tmp_path / "page")]) == 0

    page = page_of(tmp_path / "page")

    said = page.text
    assert [name for name in ("Date", "Benchmarks", "Models", "Samples", "Runs", "Protocol") if name not in said] == []
    assert f"mini, {explored.PROBLEMS} problems" in said
    assert "rloo on mini (rloo)" in said
    assert str(tmp_path) not in (tmp_path / "page" / "index.html").read_text()


def test_changes_from_the_base_count_what_was_fixed_and_broken(tmp_path):
    """By hand: of 24 problems rloo fixes one, breaks one and leaves one unsolved, and each number leads to its list."""
    folders = explored.write_runs(tmp_path / "runs")
    named = [f"{method}={folder}" for method, folder in folders.items()]
    assert run(["table", *named, "--format", "html", "--out", str(tmp_path / "page")]) == 0

    links = re.findall(
        r'<a href="#(view=problems[^"]*change=[^"]*)">(\d+)</a>', (tmp_path / "page" / "index.html").read_text()
    )

    assert [(address.replace("&amp;", "&"), count) for address, count in links[3:]] == [
        ("view=problems&set=set0&a=run0&b=run2&change=fixed", "1"),
        ("view=problems&set=set0&a=run0&b=run2&change=broken", "1"),
        ("view=problems&set=set0&a=run0&b=run2&change=both-wrong", "1"),
    ]


def test_hostile_text_stays_text(run_of, hostile_text, tmp_path):
    """Markup in programs, outputs, names and ids makes no tag, no handler and no statement anywhere in the folder."""
    name = hostile_text.replace("\x00", "").replace("=", ":")
    harmless, hostile = run_of("a", {"1": ["a"]}), run_of("b", {name: [hostile_text]}, policy=name, difficulty=name)
    for source, out in ((harmless, "plain"), (hostile, "page")):
        assert run(["table", source, "--format", "html", "--out", str(tmp_path / out)]) == 0

    plain, page = page_of(tmp_path / "plain"), page_of(tmp_path / "page")

    assert {attributes["src"] for tag, attributes in page.tags if tag == "script"} == OURS
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"figure", "svg"}
    assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)
    assert any("<img src:x onerror" in text for text in page.text)
    for path in (tmp_path / "page" / "data").iterdir():
        received(path)


def test_a_result_without_its_run_has_counts_only(make_result, write_run, tmp_path):
    """The matrix knows how many samples were accepted, and the page says that there are no samples."""
    result = write_run("run", make_result({"1": (3, 1)}))
    assert run(["table", result, "--format", "html", "--out", str(tmp_path / "p")]) == 0

    _, (one_set,) = received(tmp_path / "p" / "data" / "overview.js")
    ((problem,),) = [received(tmp_path / "p" / "data" / "set0-0.js")[1]]

    assert (one_set["runs"][0]["verdicts"], one_set["runs"][0]["chunks"]) == (["a??"], [-1])
    assert problem["missing"] == "these results come without samples"


def test_a_page_of_published_numbers_alone_has_nothing_to_look_into(tmp_path):
    """It says so."""
    assert run(["table", "--published", "--format", "html", "--out", str(tmp_path / "p")]) == 0

    assert "These results come without problems to look into." in page_of(tmp_path / "p").text


def test_equal_results_give_equal_folders(run_of, tmp_path):
    """Every byte of every file."""
    source = run_of("run", {"1": ["a", "b"]})

    def written(name):
        assert run(["table", source, "--format", "html", "--out", str(tmp_path / name)]) == 0
        return {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }

    assert written("one") == written("two")


def test_a_page_replaces_an_earlier_page(run_of, tmp_path):
    """None of its data is left; a folder that holds anything else is refused."""
    two, one = run_of("two", {"1": ["a"]}, policy="x"), run_of("one", {"1": ["a"]})
    out = tmp_path / "page"

    assert run(["table", two, one, "--format", "html", "--out", str(out)]) == 0
    assert run(["table", one, "--format", "html", "--out", str(out)]) == 0

    assert sorted(path.name for path in (out / "data").iterdir()) == ["overview.js", "run0-0.js", "set0-0.js"]
    with pytest.raises(UserError, match="holds something else than a page"):
        write_page(tmp_path, (), {}, ())


def test_a_page_of_samples_that_were_changed_is_not_begun(run_of, tmp_path, capsys):
    """Neither page nor plots are written, and an earlier page stays as it was."""
    source, out, plots = run_of("run", {"1": ["a"]}), tmp_path / "page", tmp_path / "plots"
    assert run(["table", source, "--format", "html", "--out", str(out)]) == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    samples = tmp_path / "run" / "samples.jsonl"
    samples.write_bytes(samples.read_bytes().replace(b'"completion":"', b'"completion":"# '))

    for folder in (out, tmp_path / "new"):
        assert run(["table", source, "--format", "html", "--out", str(folder), "--plots", str(plots)]) == 2

    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert (plots.exists(), (tmp_path / "new").exists()) == (False, False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page", "run"]
    assert capsys.readouterr().err.count("was changed since the run began") == 2


@pytest.mark.parametrize("options", [("--format", "html"), ("--out", "page")])
def test_html_and_a_folder_belong_together(run_of, capsys, options):
    """One without the other is refused, and nothing is written."""
    assert run(["table", run_of("run", {"1": ["a"]}), *options]) == 2
    assert "--format html and --out FOLDER go together" in capsys.readouterr().err
