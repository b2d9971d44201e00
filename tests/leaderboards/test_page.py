"""The page: its content, that nothing a model wrote can run in it, and that its data is found."""

import html.parser
import json
import re
from pathlib import Path

import pytest

from harness.cli.main import run
from harness.errors import UserError
from leaderboards.page import page as page_samples
from leaderboards.page.page import write_page

OURS = {"page.js"}


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
    assert sorted(refers) == ["page.css", "page.js"]
    assert all((out / name).is_file() for name in refers)
    (policy,) = (a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'self' file:;")
    assert sorted(path.name for path in (out / "data").iterdir()) == ["run0-0.js", "run0-problems.js"]


def test_problems_and_samples_are_found_by_what_the_list_says(run_of, tmp_path, monkeypatch):
    """Each line names the file with its samples; files are closed when they are large enough."""
    monkeypatch.setattr(page_samples, "CHUNK_BYTES", 300)
    source = run_of("run", {"one": ["a", "b"], "two": ["c"], "three": ["d"]}, difficulty="easy")
    out = tmp_path / "page"

    assert run(["table", source, "--format", "html", "--out", str(out)]) == 0

    name, lines = received(out / "data" / "run0-problems.js")
    assert name == "run0-problems"
    assert [line[:4] for line in lines] == [["one", "easy", 2, 0], ["two", "easy", 1, 0], ["three", "easy", 1, 0]]
    assert [line[4] for line in lines] == [0, 1, 1]
    for task_id, _, _, _, chunk in lines:
        held = {problem["task_id"]: problem for problem in received(out / "data" / f"run0-{chunk}.js")[1]}
        texts = [sample["text"] for sample in held[task_id]["samples"]]
        assert texts == {"one": ["a", "b"], "two": ["c"], "three": ["d"]}[task_id]


def test_a_sample_shows_what_was_expected_and_what_came(run_of, tmp_path):
    """Of the first test that failed, as a diff; the verdict, why, and the text."""
    run(["table", run_of("run", {"1": ["x = 2"]}), "--format", "html", "--out", str(tmp_path / "page")])

    ((problem,),) = [received(tmp_path / "page" / "data" / "run0-0.js")[1]]

    (sample,) = problem["samples"]
    assert (sample["verdict"], sample["detail"], sample["text"]) == ("wrong_answer", "x = 2", "x = 2")
    assert sample["difference"].splitlines()[-2:] == ["-1", "+2x = 2"]


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


def test_the_script_never_makes_markup_of_text():
    """All that it shows is set as text; nothing is evaluated."""
    script = (Path(page_samples.__file__).parent / "page.js").read_text()

    forbidden = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        'setAttribute("on',
    )

    assert [word for word in forbidden if word in script] == []
    assert "textContent" in script


def test_a_result_without_its_run_has_tables_only(make_result, write_run, tmp_path):
    """And the page says that there are no samples."""
    assert (
        run(["table", write_run("run", make_result({"1": (1, 1)})), "--format", "html", "--out", str(tmp_path / "p")])
        == 0
    )

    assert "These results come without samples." in page_of(tmp_path / "p").text
    assert list((tmp_path / "p" / "data").iterdir()) == []


def test_equal_results_give_equal_folders(run_of, tmp_path):
    """Every byte of every file."""
    source = run_of("run", {"1": ["a", "b"]})

    def written(name):
        assert run(["table", source, "--format", "html", "--out", str(tmp_path / name)]) == 0
        return {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}

    assert written("one") == written("two")


def test_a_page_replaces_an_earlier_page(run_of, tmp_path):
    """None of its data is left; a folder that holds anything else is refused."""
    two, one = run_of("two", {"1": ["a"]}, policy="x"), run_of("one", {"1": ["a"]})
    out = tmp_path / "page"

    assert run(["table", two, one, "--format", "html", "--out", str(out)]) == 0
    assert run(["table", one, "--format", "html", "--out", str(out)]) == 0

    assert sorted(path.name for path in (out / "data").iterdir()) == ["run0-0.js", "run0-problems.js"]
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
