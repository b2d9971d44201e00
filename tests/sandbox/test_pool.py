"""Many judgements: in order, bounded, and nothing left when they are done, stopped or disturbed."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import pytest
from census import children_of

from sandbox.examiner_client import ExaminerFailed
from sandbox.inside.messages import Facts
from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, start_pair
from sandbox.judge import Judge
from sandbox.pool import Case, cores_of, judge_all
from sandbox.records import AssertTest, Fault, Limits, Refused, StdioTest, Verdict

FALLBACK = ALL_LAYERS - NAMESPACES
WORKERS = 2
ONE = (StdioTest(stdin="", expected_stdout="1"),)
F_IS_ONE = (AssertTest(code="assert f() == 1", names=("f",)),)


def case(program, tests=ONE, **limits):
    """Return a case; its one test wants "1" unless told otherwise."""
    return Case(program=program, tests=tests, limits=Limits(**limits))


def test_the_order_of_the_cases_is_kept():
    """The slowest comes first and the last is the fastest: the judgements come as asked."""
    programs = [f"import time\ntime.sleep({0.2 if n == 0 else 0})\nprint({n})" for n in range(12)]

    judgements = list(judge_all(map(case, programs), Jail(), WORKERS))

    assert [judgement.per_test[0].actual or "1\n" for judgement in judgements] == [f"{n}\n" for n in range(12)]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_number_of_workers_changes_no_verdict(workers):
    """Right, wrong, failing, slow and endless programs of both kinds, with one worker, two, and more than processors."""
    expected = {
        "print(1)": "accepted", "print(2)": "wrong_answer", "1 / 0": "runtime_error", "(": "compile_error",
        "while True: pass": "time_limit", "x = bytearray(1 << 40)": "memory_limit", "print(1)\nprint(1)": "wrong_answer",
    }  # fmt: skip
    cases = [case(program, cpu_s=0.2) for program in expected]
    cases += [case("def f(): return 1", F_IS_ONE), case("def f(): return 2", F_IS_ONE)]

    verdicts = [judgement.verdict.value for judgement in judge_all(cases, Jail(), workers)]

    assert verdicts == [*expected.values(), "accepted", "wrong_answer"]


@pytest.mark.parametrize(
    ("workers", "cores"), [(1, [None]), (3, [None] * 3), (4, [2, 3, 5, 7]), (6, [2, 3, 5, 7, 2, 3])]
)
def test_workers_have_processors_of_their_own_where_there_are_some_for_all(monkeypatch, workers, cores):
    """Of the four that we may use; fewer workers stay free."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 5, 3, 2})

    assert cores_of(workers) == cores


def test_a_worker_stays_on_its_processor():
    """And so does each of its programs, of both kinds."""
    core = max(os.sched_getaffinity(0))
    program = "import os\ndef f(): return os.sched_getaffinity(0)\nprint(f())"

    with Judge(Jail(), core) as judge:
        verdicts = [
            judge.judge(program, (StdioTest(stdin="", expected_stdout=f"{{{core}}}"),)).verdict,
            judge.judge(program, (AssertTest(code=f"assert f() == {{{core}}}", names=("f",)),)).verdict,
        ]

    assert verdicts == [Verdict.ACCEPTED] * 2


def test_limits_and_mode_are_each_cases_own():
    """The same program under two limits, and the same tests in both modes."""
    slow = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nprint(1)"
    wrong = Case(program="print(2)", tests=ONE * 2, limits=Limits(), exhaustive=True)

    judgements = list(judge_all([case(slow, cpu_s=0.1), case(slow), wrong], Jail(), 1))

    assert [judgement.verdict.value for judgement in judgements] == ["time_limit", "accepted", "wrong_answer"]
    assert len(judgements[2].per_test) == 2


def test_no_cases_are_no_judgements():
    """An empty run ends at once."""
    assert list(judge_all([], Jail(), WORKERS)) == []


def test_cases_are_read_a_few_ahead():
    """From an endless source, at most 16 cases a worker are taken before the first judgement, and then one for each."""
    taken = itertools.count()
    judgements = judge_all((case("print(1)") for _ in taken), Jail(), WORKERS)

    for _ in range(5):
        next(judgements)
    judgements.close()

    assert 5 <= next(taken) <= 16 * WORKERS + 6


def test_nothing_starts_before_the_first_judgement_is_asked_for():
    """A generator that nobody reads takes no case."""
    taken = itertools.count()

    judge_all((case("print(1)") for _ in taken), Jail(), WORKERS).close()

    assert next(taken) == 0


def test_a_host_that_gives_too_little_is_refused_before_the_first_judgement():
    """No program is run."""
    with pytest.raises(Refused):
        next(judge_all([case("print(1)")], Jail(layers=frozenset({"rlimits"})), WORKERS))


def test_a_failing_source_of_cases_is_not_swallowed():
    """What the iterator of cases raises reaches the reader of judgements."""

    def cases():
        yield case("print(1)")
        raise KeyError("the source is broken")

    with pytest.raises(KeyError, match="the source is broken"):
        list(judge_all(cases(), Jail(), WORKERS))


def test_a_worker_that_cannot_start_leaves_no_other(monkeypatch):
    """Where one of three judges can't be started, the other two are closed."""
    started, turn = [], itertools.count()

    class OneFails(Judge):
        def __init__(self, *arguments):
            if next(turn) == 1:
                raise Refused("no more processes")
            super().__init__(*arguments)
            started.append(self)

    monkeypatch.setattr("sandbox.pool.Judge", OneFails)

    with pytest.raises(Refused):
        next(judge_all([case("print(1)")], Jail(), 3))

    running = [judge._candidates._process.poll() is None for judge in started]  # noqa: SLF001 - who else knows
    for judge in started:
        judge.close()  # for the tests after this one, should it not have been
    assert running == [False, False]


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
            judge._judge("import time\ntime.sleep(9)", F_IS_ONE, Limits(), exhaustive=False)  # noqa: SLF001 - once only
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
            judge._judge("def f(): return 1", F_IS_ONE, Limits(), exhaustive=False)  # noqa: SLF001 - once only


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


def test_a_halt_gives_up_what_is_being_judged():
    """Nothing more is yielded, although a program that would sleep for a quarter of an hour is at work."""
    halt = Future()

    def cases():
        yield case("print(1)")
        yield case("import time\ntime.sleep(900)", cpu_s=900, wall_s=900)
        halt.set_result(None)

    started_s = time.monotonic()

    assert list(judge_all(cases(), Jail(), WORKERS, halt)) == []
    assert time.monotonic() - started_s < 60
