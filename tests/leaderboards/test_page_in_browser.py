"""The page in headless Chromium, opened from its folder: views, filters, keys, both schemes, and nothing of theirs."""

import json
import shutil
import subprocess
from pathlib import Path

import chromium
import explored
import pytest
from chromium import TEXTS, titled

from harness.cli.main import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.CHROMIUM is None, reason="needs chromium, chromium-browser or google-chrome"),
]

ROWS = TEXTS.format("'#matrix tbody th a'")
BROKEN, FIXED = (explored.problems()[number].task_id for number in (explored.BROKEN, explored.FIXED))
VIEWS = ("", "#view=problems", f"#view=problem&task={FIXED}&a=run0&b=run2")


def test_the_page_works_and_runs_nothing_of_the_samples(browser, run_of, hostile_text, tmp_path):
    """One visit: tables sort, a problem opens, markup stays text, no script fails, and no request leaves the folder."""
    runs = [run_of("a", {"1": ["a"], "2": ["b"]}, policy="a"), run_of("b", {"1": [hostile_text]}, policy="b")]
    out = tmp_path / "page"
    assert run(["table", *runs, "--mixed-protocols", "--format", "html", "--out", str(out)]) == 0
    url = (out / "index.html").as_uri()

    browser.show(url)
    rows = TEXTS.format("'.sortable tbody th'")
    before = browser.value(rows)[:2]
    browser.click(titled(".sortable th button", "method"))
    after = browser.value(rows)[:2]
    browser.show(f"{url}#view=problem&task=1")
    text = browser.value("document.querySelectorAll('#problem .program')[1].textContent")
    tags = set(browser.value("[...document.querySelectorAll('#problem *')].map(e => e.tagName)"))

    assert "</script><script>document.title='ran'</script><img src=x" in text
    assert browser.value("document.title") == "1 - proctor"
    assert tags.isdisjoint({"SCRIPT", "IMG", "IFRAME", "SVG", "STYLE", "LINK"})
    assert (before, after) == (["a", "b"], ["b", "a"])
    assert browser.faults() == []
    assert all(address.startswith(out.as_uri()) for address in browser.requested())


def test_names_that_are_markup_stay_names(browser, run_of, hostile_text, tmp_path):
    """Of problems, methods and difficulties, in the matrix, in filters, in addresses and in headings."""
    name = hostile_text.replace("\x00", "").replace("=", ":")
    runs = [run_of("a", {name: [hostile_text]}, policy=name, difficulty=name), run_of("b", {name: ["x"], "2": ["y"]})]
    out = tmp_path / "page"
    assert run(["table", *runs, "--mixed-protocols", "--format", "html", "--out", str(out)]) == 0

    browser.resize(1280, 900)
    browser.show(f"{(out / 'index.html').as_uri()}#view=problems")
    browser.click("document.querySelector('#matrix tbody tr a')")
    heading = browser.value("document.querySelector('#problem h1').textContent")
    browser.press("u")
    browser.click("document.querySelectorAll('#matrix thead button')[1]")

    assert "<img src:x onerror" in heading
    assert len(browser.value(ROWS)) == 2
    assert browser.value("document.querySelectorAll('main img, main script, main svg:not([role=img])').length") == 0
    assert browser.faults() == []


def test_every_view_opens_without_a_fault_or_a_request_from_outside(browser, explored_page):
    """In both colour schemes and on paper."""
    for view in VIEWS:
        browser.show(explored_page + view)
    browser.value("dispatchEvent(new Event('beforeprint'))")

    assert browser.value("document.querySelectorAll('main details:not([open])').length") == 0
    assert browser.faults() == []
    assert all(address.startswith(explored_page.removesuffix("index.html")) for address in browser.requested())


def test_the_matrix_shows_the_share_accepted_and_filters(browser, explored_page):
    """By change, verdict, difficulty, kind and search; each button says what it leaves, and Back takes it off again."""
    browser.show(f"{explored_page}#view=problems&a=run0&b=run2")
    cells = "[...document.querySelectorAll('#matrix tbody tr')[0].cells].slice(2)"
    counts = browser.value(f"{cells}.map(cell => cell.textContent.split(' ')[0])")
    shades = browser.value(f"{cells}.map(cell => cell.className)")
    everything = len(browser.value(ROWS))

    browser.click(titled(".choice", "broken"))
    broken = browser.value(ROWS)
    browser.value("history.back()")
    browser.settle()
    again = len(browser.value(ROWS))
    browser.click(titled(".choice", "time limit"))
    late = browser.value(ROWS)
    said = browser.value(f"{titled('.choice', 'time limit')}.querySelector('small').textContent")
    browser.click("document.querySelector('#clear')")
    browser.click(titled(".choice", "interview"))
    interview = browser.value(ROWS)
    browser.click("document.querySelector('#search')")
    for letter in "lake":
        browser.press(letter)

    assert (counts, shades) == (["1/4", "1/4", "0/4"], ["shade3", "shade3", "shade0"])
    assert (everything, again) == (explored.PROBLEMS, explored.PROBLEMS)
    assert broken == [BROKEN]
    assert explored.TIMED_OUT in late
    assert said == str(len(late))
    assert {name.partition("/")[0] for name in interview} == {"interview"}
    assert browser.value(ROWS) == [name for name in interview if "lake" in name]
    assert browser.value("document.activeElement.id") == "search"


def test_two_methods_stand_side_by_side(browser, explored_page):
    """What came of each, the failing input, expected against actual with what differs marked, and what was left out."""
    browser.show(f"{explored_page}#view=problem&task={FIXED}&a=run0&b=run2")

    assert browser.value(TEXTS.format("'.side h2'")) == ["A: base", "B: rloo"]
    assert "fixed" in browser.value("document.querySelectorAll('.about')[1].textContent")
    assert browser.value(TEXTS.format("'.side:first-of-type h3'")) == [
        f"Failing input: test 2 of {len(explored.problems()[explored.FIXED].tests)}",
        "Expected against actual", "Program", "Left out by extraction",
    ]  # fmt: skip
    marked = "[...document.querySelectorAll('.sides')[0].querySelectorAll('.differs')].map(e => e.textContent)"
    assert browser.value(marked) == ["3", "4 of 0"]
    assert browser.value("document.querySelectorAll('.program .keyword').length") > 0
    left_out = browser.value(TEXTS.format("'.side .plain'"))
    assert any("I count first." in text for text in left_out)


def test_the_keyboard_reaches_everything(browser, explored_page):
    """From the overview to a problem, through samples and problems, and back, without a mouse."""
    browser.show(explored_page)
    for key in ("g", "p", "Tab"):
        browser.press(key)
    assert browser.value("location.hash") == "#view=problems"
    browser.value("document.querySelector('#matrix a[tabindex=\"0\"]').focus()")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "End", "Enter"):
        browser.press(key)
    opened = browser.value("document.querySelector('#problem h1').textContent")
    assert browser.value("document.activeElement.tagName") == "H1"
    browser.press("n")
    second = browser.value("location.hash")
    browser.press("j")
    following = browser.value("document.querySelector('#problem h1').textContent")
    browser.press("k")
    browser.press("u")
    browser.press("?")
    in_dialog = browser.value("document.querySelector('#keys').open")
    browser.press("Escape")

    assert opened == explored.problems()[1].task_id
    assert "b=run2" in second
    assert "sb=" in second
    assert following == explored.problems()[2].task_id
    assert browser.value("location.hash").startswith("#view=problems")
    assert (in_dialog, browser.value("document.querySelector('#keys').open")) == (True, False)
    browser.press("/")
    assert browser.value("document.activeElement.id") == "search"


def test_letters_can_be_switched_off(browser, explored_page):
    """Then they do nothing, so that other tools may have them."""
    browser.show(explored_page)
    browser.value("document.querySelector('#keys-on').checked = false")
    for key in ("g", "p"):
        browser.press(key)

    assert browser.value("location.hash") == ""


@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_shows_the_page_without_scrolling_sideways(browser, explored_page, view):
    """What is wider than a narrow screen scrolls within its own place."""
    browser.resize(390, 844)
    browser.show(explored_page + view)

    assert browser.value("document.documentElement.scrollWidth") == 390


def test_long_names_do_not_widen_a_phone(browser, run_of, tmp_path):
    """Of methods, problems and lines."""
    out, task = tmp_path / "page", "a-long-name/" * 6
    runs = [run_of("a" * 40, {task: ["x = 1  # " + "long " * 40]}, policy="p" * 60), run_of("b", {task: ["y"]})]
    assert run(["table", *runs, "--format", "html", "--out", str(out)]) == 0
    browser.resize(390, 844)

    for view in ("", "#view=problems", f"#view=problem&task={task.replace('/', '%2F')}"):
        browser.show((out / "index.html").as_uri() + view)
        assert browser.value("document.documentElement.scrollWidth") == 390


def test_an_address_that_names_nothing_says_so(browser, explored_page):
    """And the next one works again."""
    browser.show(f"{explored_page}#view=problem&task=none")
    said = browser.value("document.querySelector('#status').textContent")
    browser.show(f"{explored_page}#view=problems")

    assert said == "This can't be shown: there is no problem none in these results."
    assert browser.value("document.querySelector('#status').textContent") == ""
    assert len(browser.value(ROWS)) == explored.PROBLEMS


def axe():
    """Return the source of axe-core where npm has installed it, or None."""
    root = Path(__file__).parents[2]
    homes = [root / "node_modules"]
    if npm := shutil.which("npm"):
        homes.append(
            Path(subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False).stdout.strip())
        )
    return next((file.read_text() for home in homes if (file := home / "axe-core" / "axe.min.js").is_file()), None)


def barriers(browser):
    """Return what axe-core finds on the page as it is."""
    findings = json.loads(browser.value("axe.run().then(found => JSON.stringify(found.violations))"))
    return [(one["id"], node["target"], node.get("failureSummary")) for one in findings for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(browser, explored_page, scheme):
    """WCAG 2.2 A and AA, and axe-core's own rules of good practice: nothing at all, in every view."""
    source = axe()
    if source is None:
        pytest.skip("needs axe-core: npm install -g axe-core")
    browser.colours(scheme)
    found = {}
    for view in VIEWS:
        browser.show(explored_page + view)
        browser.value(source + "; 0")
        browser.value("document.querySelectorAll('main details').forEach(one => { one.open = true; })")
        found[view] = barriers(browser)
    browser.press("?")
    found["list of keys"] = barriers(browser)

    assert found == {view: [] for view in (*VIEWS, "list of keys")}


def test_results_of_several_benchmarks_are_chosen_between(browser, make_result, write_run, tmp_path):
    """Each has its own problems; without samples the counts are shown, and a single run needs no comparison."""
    runs = [
        write_run("a", make_result({"1": (3, 1), "2": (3, 3)}, benchmark="toy")),
        write_run("b", make_result({"x": (2, 0)}, benchmark="other")),
    ]
    assert run(["table", *runs, "--format", "html", "--out", str(tmp_path / "page")]) == 0
    url = (tmp_path / "page" / "index.html").as_uri()

    browser.show(f"{url}#view=problems")
    first = browser.value(ROWS)
    browser.click(titled(".choice", "other"))
    second = browser.value(ROWS)
    browser.click("document.querySelector('#matrix tbody a')")

    assert (first, second) == (["1", "2"], ["x"])
    assert browser.value("document.querySelectorAll('.side').length") == 1
    assert "This result comes without samples." in browser.value("document.querySelector('.side').textContent")
    assert "these results come without samples" in browser.value("document.querySelector('#problem').textContent")
    assert browser.faults() == []


def test_more_rows_follow_as_one_scrolls(browser, make_result, write_run, tmp_path):
    """The first 50 at once, then as many again, by scrolling, by the button and by the arrow keys."""
    result = make_result({f"{number:03}": (1, number % 2) for number in range(180)})
    assert run(["table", write_run("a", result), "--format", "html", "--out", str(tmp_path / "page")]) == 0

    browser.show((tmp_path / "page" / "index.html").as_uri() + "#view=problems")
    first = len(browser.value(ROWS))
    browser.value("document.querySelector('#matrix-place').scrollTo(0, 1e6)")
    browser.wait_for("document.querySelectorAll('#matrix tbody tr').length > 50")
    browser.value("[...document.querySelectorAll('#matrix tbody tr')].at(-1).querySelector('a').focus()")
    browser.press("ArrowDown")
    walked_to = browser.value("document.activeElement.closest('tr').sectionRowIndex")
    while browser.value("!document.querySelector('#more').hidden"):
        browser.click("document.querySelector('#more')")

    assert first == 50
    assert walked_to % 50 == 0
    assert browser.value(ROWS) == [f"{number:03}" for number in range(180)]


def test_a_hundred_thousand_samples_open_in_a_second_of_cpu_time(browser, make_result, write_run, tmp_path):
    """Until the matrix can be read; 0.16 s was measured, and no file of samples is loaded for it."""
    result = make_result({f"problem {number}": (39, number % 40) for number in range(2572)})
    assert run(["table", write_run("a", result), "--format", "html", "--out", str(tmp_path / "page")]) == 0

    browser.ask("Performance.enable", timeDomain="threadTicks")
    browser.show((tmp_path / "page" / "index.html").as_uri() + "#view=problems")
    spent = {metric["name"]: metric["value"] for metric in browser.ask("Performance.getMetrics")["metrics"]}

    assert spent["ProcessTime"] < 1
    assert sum("/data/" in address for address in browser.requested()) == 1
