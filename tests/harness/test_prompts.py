"""Prompt cards: what ships, what a user's own card may hold, and that problems are filled in to the letter."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.mbpp import mbpp
from harness.benchmarks.mini import mini
from harness.errors import UserError
from harness.generation.prompts import CARDS, Message, card_names, kind_of, load_card, render_prompt
from harness.runs.records import Problem
from sandbox.records import AssertTest, CallTest, StdioTest

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")

CARD = """
about = "a card"
n = 2
temperature = 0.5
top_p = 0.9
max_tokens = 10
stop = ["END"]
"""
TEXT = "[text]\nassert = '{statement}|{tests}|{first_test}'\n"
BRACES = "{} {0} {statement} {{x}} {x!r:>3} }{ %s $x \\1"


def make_problem(task_id="1", test=None, **fields):
    """Return a problem; its usual tests are two assertions."""
    tests = (test,) if test else (AssertTest(code="assert f(1)", names=("f",)), AssertTest(code="assert f(2)"))
    return Problem(
        **{"task_id": task_id, "benchmark": "toy", "split": "test", "statement": "Do.", "tests": tests} | fields
    )


STDIO = StdioTest(stdin="1", expected_stdout="secret")
CALL = CallTest(function="f", arguments=(1,), expected="secret")
HIDDEN = AssertTest(code="assert candidate(1) == 'secret'", names=("f",))


@pytest.fixture
def load(tmp_path):
    """Return a function that loads a card from a text."""

    def load_text(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return load_card(str(path))

    return load_text


def test_what_ships():
    """The cards by name."""
    assert card_names() == (
        "apps",
        "chat",
        "humaneval-completion",
        "livecodebench",
        "mbpp-paper",
        "mbpp-zero-shot",
        "qwen2.5-coder-base",
    )


@pytest.mark.parametrize("name", card_names())
def test_a_card_has_a_name_and_the_hash_of_its_file(name):
    """Whoever changes a card, changes its hash; what it is for stands in one line."""
    card = load_card(name)

    assert card.name == name
    assert card.sha256 == hashlib.sha256((CARDS / f"{name}.toml").read_bytes()).hexdigest()
    assert "\n" not in card.about


def test_a_card_of_the_users_own(load):
    """It goes by its file's name and holds what the file does."""
    card = load(CARD + TEXT)

    assert (card.name, card.about, card.n, card.temperature) == ("mine", "a card", 2, 0.5)
    assert (card.top_p, card.max_tokens, card.stop) == (0.9, 10, ("END",))
    assert render_prompt(card, make_problem(), {}) == "Do.|assert f(1)\nassert f(2)|assert f(1)"


def test_the_paper_s_prompt_of_mbpp():
    """Three shots with their tests and references, then the problem up to where its program starts."""
    problems = {
        task_id: make_problem(task_id, statement=f"Do {task_id}.", reference=f"def f():\n    return {task_id}")
        for task_id in "1234"
    }
    tests = "assert f(1)\nassert f(2)"
    head = "You are an expert Python programmer, and here is your task: Do {}. Your code should pass these tests:\n\n"
    asked = head + tests + "\n[BEGIN]\n"
    shot = asked + "def f():\n    return {}\n[DONE]\n\n"

    assert render_prompt(load_card("mbpp-paper"), problems["1"], problems) == (
        shot.format(2, 2) + shot.format(3, 3) + shot.format(4, 4) + asked.format(1)
    )
    assert render_prompt(load_card("mbpp-zero-shot"), problems["1"], {}) == asked.format(1)
    assert load_card("mbpp-paper").stop == load_card("mbpp-zero-shot").stop == ("[DONE]",)


def test_qwen_s_prompt_of_mbpp():
    """A docstring of the statement and the first test."""
    assert render_prompt(load_card("qwen2.5-coder-base"), make_problem(), {}) == '"""\nDo.\nassert f(1)\n"""\n'


@pytest.mark.parametrize(
    ("test", "starter_code", "text"),
    [
        (STDIO, "", "\nQUESTION:\nDo.\nUse Standard Input format\nANSWER:\n"),
        (STDIO, "def g():", "\nQUESTION:\nDo.\ndef g():\nUse Standard Input format\nANSWER:\n"),
        (CALL, "", "\nQUESTION:\nDo.\nUse Call-Based format\nANSWER:\n"),
        (CALL, "def f(x):", "\nQUESTION:\nDo.\ndef f(x):\nUse Call-Based format\nANSWER:\n"),
    ],
)
def test_the_paper_s_prompt_of_apps(test, starter_code, text):
    """Its form follows the kind of test, and a line of starter code stands there only if there is some."""
    assert render_prompt(load_card("apps"), make_problem(test=test, starter_code=starter_code), {}) == text


def test_the_paper_s_prompt_of_humaneval():
    """The function's head, to the letter."""
    card = load_card("humaneval-completion")

    assert (
        render_prompt(card, make_problem(test=HIDDEN, starter_code='def f():\n    """{}"""\n'), {})
        == 'def f():\n    """{}"""\n'
    )
    assert card.stop == ("\nclass", "\ndef", "\n#", "\nif", "\nprint")


@pytest.mark.parametrize(
    ("test", "starter_code", "shown", "kind"),
    [
        (STDIO, "", ("Do.", "standard input", "```python"), "stdio"),
        (STDIO, "def g():", ("Do.", "standard input", "def g():"), "stdio"),
        (CALL, "def f(x):", ("Do.", "`f`", "def f(x):"), "call"),
        (None, "", ("Do.", "assert f(1)\nassert f(2)"), "assert"),
        (HIDDEN, "def f():\n", ("Complete", "def f():\n"), "completion"),
    ],
)
def test_the_chat_asks_of_every_kind(test, starter_code, shown, kind):
    """A system message, then one with all that the model needs; no hidden test is shown."""
    problem = make_problem(test=test, starter_code=starter_code)

    system, user = render_prompt(load_card("chat"), problem, {})

    assert (system.role, user.role, kind_of(problem)) == ("system", "user", kind)
    assert [part for part in shown if part not in user.content] == []
    assert "secret" not in user.content


def test_messages_hold_the_text_once(load):
    """The text stands where the message says; its braces are its own."""
    card = load(CARD + "[text]\ncall = '{statement}{{}}'\n[[messages]]\nrole = 'user'\ncontent = '<{text}>{{text}}'\n")

    assert render_prompt(card, make_problem(test=CALL, statement=BRACES), {}) == (
        Message(role="user", content=f"<{BRACES}{{}}>{{text}}"),
    )


@given(st.text() | st.just(BRACES), st.text() | st.just(BRACES), st.text(min_size=1) | st.just(BRACES))
def test_braces_in_a_problem_mean_nothing(statement, test, reference):
    """Statement, tests and reference of problem and shots are filled in as they are."""
    problems = {
        task_id: make_problem(task_id, statement=statement, test=AssertTest(code=test), reference=reference)
        for task_id in "1234"
    }

    prompt = render_prompt(load_card("mbpp-paper"), problems["1"], problems)

    asked = f"here is your task: {statement} Your code should pass these tests:\n\n{test}\n[BEGIN]\n"
    assert prompt.endswith(asked)
    assert prompt.count(f"{asked}{reference}\n[DONE]\n\n") == 3


def test_an_unknown_card():
    """The names are listed."""
    with pytest.raises(UserError, match=r"no prompt card 'mbpp'\..* Choose from apps, .*qwen.*; or name a \.toml file"):
        load_card("mbpp")


def test_a_missing_file(tmp_path):
    """A path is a path, also if a card of that name ships."""
    with pytest.raises(UserError, match=r"apps\.toml: can't be read: No such file"):
        load_card(str(tmp_path / "apps.toml"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("about", "correct the card"),
        (CARD, "missing required field `text`"),
        (CARD + "[text]", "length >= 1"),
        (CARD + "colour = 1\n" + TEXT, "unknown field `colour`"),
        (CARD + "name = 'x'\n" + TEXT, "unknown field `name`"),
        (CARD.replace("n = 2", "n = 0") + TEXT, "`int` >= 1"),
        (CARD.replace("0.9", "1.1") + TEXT, "`float` <= 1.0"),
        (CARD.replace('"END"', '""') + TEXT, r"length >= 1 - at `\$\.stop"),
        (CARD.replace("max_tokens = 10", "") + TEXT, "missing required field `max_tokens`"),
        (CARD + "[text]\nessay = ''", "Invalid enum value 'essay'"),
        (
            CARD + "[text]\nassert = '{question}'",
            r"`text\.assert` has the unknown placeholder {question}, it may have f",
        ),
        (CARD + "[text]\nassert = '{statement.tests}'", "unknown placeholder {statement.tests}"),
        (CARD + "[text]\nassert = '{statement!r}'", "unknown placeholder {statement!r}"),
        (CARD + "[text]\nassert = '{statement:>9}'", "unknown placeholder {statement:>9}"),
        (CARD + "[text]\nassert = '{}'", "unknown placeholder {}"),
        (CARD + "[text]\nassert = 'a { b'", r"`text\.assert`: .*written twice"),
        (CARD + "[text]\nassert = '{reference}'", "unknown placeholder {reference}"),
        (CARD + "[text]\nassert = '{shots}'", "unknown placeholder {shots}"),
        (CARD + "[text]\nassert = '{starter}'", "unknown placeholder {starter}"),
        (CARD + "[text]\nstdio = '{tests}'", "unknown placeholder {tests}"),
        (CARD + "[text]\ncompletion = '{tests}'", "unknown placeholder {tests}"),
        (CARD + "starter = '{tests}'\n" + TEXT, "`starter` has the unknown placeholder {tests}"),
        (CARD + "shots = ['1']\n" + TEXT, "need each other"),
        (CARD + "shots = ['1']\nshot = '{shots}'\n" + TEXT, "`shot` has the unknown placeholder {shots}"),
        (CARD + "shots = ['1']\nshot = 'x'\n[text]\nassert = '{{shots}}'", r"`text\.assert` lacks {shots}"),
        (CARD + TEXT + "[[messages]]\nrole = 'user'\ncontent = 'Hello'", "`messages` lack {text}"),
        (CARD + TEXT + "[[messages]]\nrole = 'user'\ncontent = '{tests}'", "unknown placeholder {tests}"),
        (CARD + TEXT + "[[messages]]\nrole = 'tool'\ncontent = '{text}'", "Invalid enum value 'tool'"),
    ],
)
def test_a_bad_card_is_refused(load, text, problem):
    """One line names the file, the field and what may stand there."""
    with pytest.raises(UserError, match=rf"mine\.toml: [^\n]*{problem}[^\n]*$"):
        load(text)


@given(
    st.text(st.sampled_from("{}!:[].09 r")) | st.lists(st.sampled_from(["{", "}", "statement", "!", "x"])).map("".join)
)
def test_what_is_not_refused_can_be_rendered(template):
    """Every template either has a fault that is named at once, or works."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mine.toml"
        path.write_text(f"{CARD}[text]\nstdio = '{template}'\n")
        try:
            card = load_card(str(path))
        except UserError as error:
            assert "`text.stdio`" in str(error)  # noqa: PT017 - either outcome is right
        else:
            assert render_prompt(card, make_problem(test=STDIO), {}) == template.format(statement="Do.")


def test_a_file_that_is_no_text(tmp_path):
    """Bytes that aren't UTF-8 are refused, too."""
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff")

    with pytest.raises(UserError, match=r"mine\.toml: .*correct the card"):
        load_card(str(path))


def test_a_card_without_a_text_for_the_kind():
    """The card, the kind and the problem are named."""
    with pytest.raises(UserError, match=r"apps has no text for assert problems, such as task 1, but for stdio, call; "):
        render_prompt(load_card("apps"), make_problem(), {})


@pytest.mark.parametrize(
    ("problems", "fault"),
    [
        ({}, "shows task 2, which is not among the problems"),
        ({"2": make_problem("2")}, "shows task 2, which has no reference"),
    ],
)
def test_a_missing_shot(problems, fault):
    """Sanitized MBPP lacks some of the tasks that prompts are made of."""
    with pytest.raises(UserError, match=rf"mbpp-paper {fault}; check --data or choose another card"):
        render_prompt(load_card("mbpp-paper"), make_problem(), problems)


def test_a_shot_is_not_asked():
    """Its solution would stand in its own prompt."""
    with pytest.raises(UserError, match="task 3 is a shot of prompt card mbpp-paper, which shows its solution"):
        render_prompt(load_card("mbpp-paper"), make_problem("3"), {})


def test_the_chat_card_serves_every_problem_of_mini():
    """Each kind that ships has its text."""
    problems = mini.problems(None)

    prompts = [render_prompt(load_card("chat"), problem, problems) for problem in problems.values()]

    assert all(
        problem.statement in prompt[1].content for problem, prompt in zip(problems.values(), prompts, strict=True)
    )


@needs_data
@pytest.mark.parametrize("file", ["mbpp.jsonl", "sanitized-mbpp.json"])
def test_the_paper_s_prompt_of_the_real_mbpp(file):
    """Both files have the three shots, and no task that is asked is shown."""
    problems = mbpp.problems(DATA / file)
    card = load_card("mbpp-paper")

    prompts = [render_prompt(card, problem, problems) for problem in problems.values() if problem.split == "test"]

    assert len(set(prompts)) == len(prompts) == {"mbpp.jsonl": 500, "sanitized-mbpp.json": 257}[file]
    assert {prompt.count("[DONE]") for prompt in prompts} == {3}
    assert {prompt.count("[BEGIN]") for prompt in prompts} == {4}
    assert all("\r" not in prompt for prompt in prompts)
