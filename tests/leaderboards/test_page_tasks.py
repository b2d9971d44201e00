"""Ten tasks of a new user on the page: each is done in at most three clicks from the overview."""

import json

import chromium
import explored
import pytest
from chromium import TEXTS, titled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.CHROMIUM is None, reason="needs chromium, chromium-browser or google-chrome"),
]

PROBLEMS = "document.querySelector('#to-problems')"
BROKEN, FIXED, NEVER = (
    explored.problems()[number].task_id for number in (explored.BROKEN, explored.FIXED, explored.NEVER)
)
ROWS = TEXTS.format("'#matrix tbody th a'")


def cell(task, column):
    """Return an expression for the cell of a problem and a method in the matrix."""
    rows = "[...document.querySelectorAll('#matrix tbody tr')]"
    return f"{rows}.find(row => row.querySelector('a').textContent === '{task}').querySelectorAll('a')[{column}]"


def change_of(method, column):
    """Return an expression for the number of problems fixed, broken or wrong, from the base to a method."""
    rows = "[...document.querySelectorAll('.sortable tbody tr')]"
    return f"{rows}.findLast(row => row.textContent.startsWith('{method}')).querySelectorAll('a')[{column}]"


def sample(side, index):
    """Return an expression for the button of a sample."""
    return f"document.querySelectorAll('.side')[{side}].querySelectorAll('[aria-label=Sample] button')[{index}]"


SEEN = "document.querySelector('main section:not([hidden])').innerText"
TASKS = {
    "which problems did rloo break that base solved?": ([change_of("rloo", 1)], ROWS, [BROKEN]),
    "which did it fix?": ([change_of("rloo", 0)], ROWS, [FIXED]),
    "why did sample 3 of rloo fail on the first problem?": (
        [PROBLEMS, cell(BROKEN, 3), sample(1, 3)],
        "document.querySelectorAll('.side')[1].querySelector('.verdict').innerText",
        "line 3 differs in sample 3",
    ),
    "is sft's change from base beyond chance?": ([], SEEN, "p 1.0000"),
    "which protocol was it?": ([], SEEN, "limits cpu_s 4"),
    "which problems ran into the time limit?": (
        [PROBLEMS, titled(".choice", "time limit")],
        ROWS,
        [explored.TIMED_OUT],
    ),
    "which problems of an interview does nobody solve?": (
        [PROBLEMS, titled(".choice", "both wrong"), titled(".choice", "introductory")],
        ROWS,
        [NEVER],
    ),
    "what does a problem ask for?": (
        [PROBLEMS, cell(NEVER, 0)],
        "document.querySelector('.statement').textContent",
        explored.problems()[explored.NEVER].statement[:40],
    ),
    "how do base and sft differ on it?": (
        [PROBLEMS, cell(NEVER, 2)],
        TEXTS.format("'.side h2'"),
        ["A: base", "B: sft"],
    ),
    "what did extraction leave out?": (
        [PROBLEMS, cell(NEVER, 2)],
        "document.querySelectorAll('.side')[1].innerText",
        "This is sample 0 of sft.",
    ),
    "which problem is worst under rloo?": (
        [PROBLEMS, titled("#matrix th button", "rloo"), titled("#matrix th button", "rloo")],
        f"{ROWS}.slice(0, 2)",
        [BROKEN, NEVER],
    ),
}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_takes_three_clicks_at_most(browser, explored_page, task):
    """By the mouse, from the overview; what was asked for is then on the page."""
    clicks, seen, expected = TASKS[task]
    browser.resize(1280, 900)
    browser.show(explored_page)
    for what in clicks:
        browser.click(what)

    found = browser.value(seen)

    assert len(clicks) <= 3
    if isinstance(expected, str):
        assert expected in found, json.dumps(found)
    else:
        assert [name for name in expected if name not in found] == []
        assert len(found) < explored.PROBLEMS
