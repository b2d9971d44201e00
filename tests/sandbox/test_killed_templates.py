"""Templates that are killed, or fail, cost a retry and leave nothing."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from census import children_of

from sandbox.examiner_client import ExaminerFailed
from sandbox.inside.messages import Facts
from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, start_pair
from sandbox.judge import Judge
from sandbox.records import AssertTest, Fault, Limits, StdioTest, Verdict

pytestmark = pytest.mark.slow

FALLBACK = ALL_LAYERS - NAMESPACES
ONE = (StdioTest(stdin="", expected_stdout="1"),)
F_IS_ONE = (AssertTest(code="assert f() == 1", names=("f",)),)


def templates_of(judge):
    """Return the process ids of a judge's wardens, which are its children, and of the templates, which are theirs."""
    wardens = [template._process.pid for template in (judge._candidates, judge._examiner._template)]  # noqa: SLF001
    return {f"{role}_{name}": pid for role, warden in zip(("candidates", "examiners"), wardens, strict=True)
            for name, pid in (("warden", warden), ("template", min(children_of(warden))))}  # fmt: skip


@pytest.mark.parametrize(
    ("victim", "layers"),
    [
        ("candidates_warden", ALL_LAYERS), ("candidates_template", ALL_LAYERS), ("examiners_warden", ALL_LAYERS),
        ("examiners_template", ALL_LAYERS), ("candidates_template", FALLBACK), ("examiners_template", FALLBACK),
    ],
    ids=lambda value: value if isinstance(value, str) else ("namespaces" if value == ALL_LAYERS else "no_namespaces"),
)  # fmt: skip
@pytest.mark.parametrize("kind", ["stdio", "assert"])
def test_a_template_killed_in_mid_run_costs_a_retry_only(wait_for, layers, victim, kind):
    """Killed from outside while a program runs, the work is done once more and the verdict is the program's own."""
    program, tests = {
        "stdio": ("import time\ntime.sleep(1)\nprint(1)", ONE),
        "assert": ("import time\ndef f():\n    time.sleep(1)\n    return 1", F_IS_ONE),
    }[kind]

    with Judge(Jail(layers=layers)) as judge:
        templates = templates_of(judge)

        def kill():
            wait_for(lambda: children_of(templates["candidates_template"]))
            os.kill(templates[victim], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        first = judge.judge(program, tests)
        killer.join()
        second = judge.judge(program, tests)

    assert (first.verdict, second.verdict) == (Verdict.ACCEPTED, Verdict.ACCEPTED)


@pytest.mark.parametrize("victim", ["candidates", "examiners"])
def test_the_template_that_is_gone_is_named(wait_for, victim):
    """Though an examiner fails as well where the candidates' template is gone."""
    with Judge(Jail()) as judge:
        templates = templates_of(judge)

        def kill():
            wait_for(
                lambda: children_of(templates["candidates_template"]) and children_of(templates["examiners_template"])
            )
            os.kill(templates[f"{victim}_template"], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(Fault, match=f"the {victim}' template is gone: "):
            judge._judge(b"import time\ntime.sleep(9)", F_IS_ONE, Limits(), exhaustive=False)  # noqa: SLF001 - once only
        killer.join()


def test_a_template_that_is_gone_is_named_before_the_examiner_that_failed(monkeypatch, wait_for):
    """For no examiner can work without it: it may have failed for want of its marks."""
    with Judge(Jail()) as judge:
        template = templates_of(judge)["candidates_template"]

        def fail(_most_s):
            os.kill(template, signal.SIGKILL)
            wait_for(lambda: not Path(f"/proc/{template}").exists())
            raise ExaminerFailed("an examiner failed")

        monkeypatch.setattr(judge._examiner, "wait", fail)  # noqa: SLF001 - the real one fails when it will

        with pytest.raises(Fault, match="the candidates' template is gone: "):
            judge._judge(b"def f(): return 1", F_IS_ONE, Limits(), exhaustive=False)  # noqa: SLF001 - once only


class FailsEarly:
    """A template whose candidates end before they come to the program."""

    def request(self, _request, _descriptors):
        """Leave all files as they are."""

    def facts(self):
        """Return the end of a fork that strayed."""
        return Facts(number=1, exit_code=70, signal=0, cpu_s=0.0, wall_s=0.0, peak_memory_bytes=0, exceeded=0)

    def log(self):
        """Return its last words."""
        return "last words"

    def close(self):
        """End."""


def test_a_candidate_that_never_comes_to_the_program_is_no_compile_error(monkeypatch):
    """It is a fault of ours, with the template's last words."""
    monkeypatch.setattr("sandbox.judge.start_pair", lambda *_: (FailsEarly(), FailsEarly()))

    with Judge(Jail()) as judge:
        judgement = judge.judge("print(1)", ONE)

    assert judgement.verdict is Verdict.SANDBOX_ERROR
    assert judgement.detail.endswith("a candidate ended before it came to the program: last words")


def test_a_judge_that_is_closed_while_it_starts_anew_ends_what_it_started(monkeypatch):
    """And judges nothing more."""
    judge, pairs = Judge(Jail()), []

    def start_and_close(*arguments):
        pairs.append(start_pair(*arguments))
        judge.close()  # as another thread may
        return pairs[-1]

    monkeypatch.setattr("sandbox.judge.start_pair", start_and_close)
    os.kill(templates_of(judge)["candidates_template"], signal.SIGKILL)

    with pytest.raises(Fault, match="the judge was closed"):
        judge.judge("print(1)", ONE)

    running = [template._process.poll() is None for pair in pairs for template in pair]  # noqa: SLF001 - who else knows
    for template in itertools.chain(*pairs):
        template.close()  # for the tests after this one, should it not have been
    assert running == [False, False]


@pytest.mark.parametrize("victim", ["candidates_template", "examiners_template"])
def test_a_template_killed_between_two_programs_costs_a_retry_only(victim):
    """The judge notices at the next program, and judges it."""
    with Judge(Jail()) as judge:
        judge.judge("def f(): return 1", F_IS_ONE)
        os.kill(templates_of(judge)[victim], signal.SIGKILL)

        verdicts = [judge.judge("print(1)", ONE).verdict, judge.judge("def f(): return 1", F_IS_ONE).verdict]

    assert verdicts == [Verdict.ACCEPTED] * 2


@pytest.mark.parametrize("victim", ["candidates_template", "examiners_template"])
def test_a_template_killed_before_the_first_program_costs_a_retry_only(wait_for, victim):
    """The judge notices at its first program, judges it, and leaves no socket of the attempt open."""
    with Judge(Jail()) as judge:
        template = templates_of(judge)[victim]
        os.kill(template, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{template}").exists())

        assert judge.judge("def f(): return 1", F_IS_ONE).verdict is Verdict.ACCEPTED


SCENARIOS = [
    "all_are_judged", "one_judge_judges_all", "closed_after_the_first", "closed_while_programs_run",
    "the_source_fails_while_programs_run", "the_judge_can_not_start", "a_template_is_killed", "the_judge_is_killed",
    "the_pool_is_killed", "the_pool_is_interrupted", "a_worker_is_killed",
]  # fmt: skip


@pytest.mark.parametrize("layers", [ALL_LAYERS, FALLBACK], ids=["namespaces", "no_namespaces"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_is_left(scenario, layers):
    """Before and after: the same descriptors, processes, mounts and threads, no folder or group of a jail; and no long wait."""
    ended = subprocess.run(
        [sys.executable, Path(__file__).with_name("scenarios.py"), scenario, *layers],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip

    assert (ended.returncode, ended.stderr) == (0, "")
    found = json.loads(ended.stdout)
    assert found["after"] == found["before"]
    assert [path for path in found["left"] if not path.startswith("/scratch")] == []  # that is in its own namespace
    assert found["took_s"] < 100
