"""The page in headless Chromium, opened from its folder: it sorts, it shows samples, and it runs nothing of theirs."""

import chromium
import pytest

from harness.cli.main import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.CHROMIUM is None, reason="needs chromium, chromium-browser or google-chrome"),
]


@pytest.fixture
def browser(tmp_path):
    """Start Chromium, and end it."""
    with chromium.opened(tmp_path / "profile") as browser:
        yield browser


def test_the_page_works_and_runs_nothing_of_the_samples(browser, run_of, hostile_text, tmp_path):
    """One visit: tables sort, a problem opens, markup stays text, no script fails, and no request leaves the folder."""
    runs = [run_of("a", {"1": ["a"], "2": ["b"]}, policy="a"), run_of("b", {"1": [hostile_text]}, policy="b")]
    out = tmp_path / "page"
    assert run(["table", *runs, "--mixed-protocols", "--format", "html", "--out", str(out)]) == 0

    browser.ask("Page.navigate", url=f"{(out / 'index.html').as_uri()}#run=run1&task=1")
    text = browser.wait_for("document.querySelector('#problem pre')?.textContent")
    rows = "[...document.querySelectorAll('table.sortable tbody')[0].rows].map(row => row.cells[0].textContent).join()"
    before = browser.value(rows)
    browser.value("document.querySelector('table.sortable th button').click()")
    after = browser.value(rows)
    title = browser.value("document.title")
    tags = browser.value("[...new Set([...document.querySelectorAll('#problem *')].map(e => e.tagName))].sort().join()")

    methods = [event["method"] for event in browser.events]
    requested = {
        event["params"]["request"]["url"] for event in browser.events if event["method"] == "Network.requestWillBeSent"
    }
    assert "</script><script>document.title='ran'</script><img src=x" in text
    assert (title, tags) == ("proctor", "DETAILS,H3,P,PRE,SPAN,SUMMARY")
    assert (before, after) == ("a,b", "b,a")
    assert "Runtime.exceptionThrown" not in methods
    assert "Log.entryAdded" not in methods
    assert {url.partition("#")[0].removeprefix(out.as_uri()) for url in requested} == {
        "/index.html", "/page.css", "/page.js", "/data/run1-problems.js", "/data/run1-0.js",
    }  # fmt: skip


def test_a_phone_shows_the_page_without_scrolling_sideways(browser, run_of, tmp_path):
    """What is wider than a narrow screen scrolls within its own place."""
    out = tmp_path / "page"
    runs = [run_of("a" * 40, {"a-long-name/" * 6: ["x = 1  # " + "long " * 40]}, policy="p" * 60)]
    assert run(["table", *runs, "--format", "html", "--out", str(out)]) == 0

    browser.resize(390, 844)
    browser.ask("Page.navigate", url=f"{(out / 'index.html').as_uri()}#run=run0&task={'a-long-name/' * 6}")
    browser.wait_for("document.querySelector('#problem pre')?.textContent")

    assert browser.value("document.documentElement.scrollWidth") == 390
