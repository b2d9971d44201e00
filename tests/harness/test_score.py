"""Evaluations -> results, sums done by hand."""

from collections import Counter, defaultdict

import msgspec
import pytest

from harness.errors import UserError
from harness.runs.records import Producer, PromptCardId, Repetition, Sampling, Tally, Usage
from harness.scoring.intervals import redrawn_interval
from harness.scoring.proportions import proportion_interval
from harness.scoring.score import count_package, refuse_short, score
from sandbox.records import Verdict

USAGE = defaultdict(lambda: Usage(prompt_tokens=None, tokens=None, finish_counts={}))


@pytest.fixture
def run(make_run):
    """Return the record of a run that asks for pass@1 and pass@2."""
    return make_run(k=(1, 2), problems={"a": "1", "b": "2", "c": "3"})


@pytest.fixture
def infos(make_info):
    """Return two easy problems and a hard one, two of them judged by calls."""
    kinds = {"a": "call", "b": "stdio", "c": "call"}
    return {
        task_id: make_info(task_id, kinds[task_id], difficulty=difficulty)
        for task_id, difficulty in (("a", "easy"), ("b", "easy"), ("c", "hard"))
    }


@pytest.fixture
def evaluations(make_evaluation):
    """Return two samples a problem: a has 2 right, b has 1, c has none."""
    wrong = Verdict.WRONG_ANSWER
    return [
        make_evaluation("a", 0),
        make_evaluation("a", 1),
        make_evaluation("b", 0, wrong),
        make_evaluation("b", 1),
        make_evaluation("c", 0, Verdict.TIME_LIMIT),
        make_evaluation("c", 1, wrong),
    ]


def test_scores_by_hand(evaluations, infos, run):
    """pass@1 is (1 + 1/2 + 0) / 3, pass@2 is (1 + 1 + 0) / 3; easy: 3/4 and 1; hard: 0 and 0."""
    (result,) = score(evaluations, infos, run, USAGE)

    assert [(s.difficulty, s.kind, s.k, s.value, s.problems) for s in result.scores] == [
        ("all", "all", 1, 1 / 2, 3),
        ("easy", "all", 1, 3 / 4, 2),
        ("hard", "all", 1, 0.0, 1),
        ("all", "call", 1, 1 / 2, 2),
        ("all", "stdio", 1, 1 / 2, 1),
        ("easy", "call", 1, 1.0, 1),
        ("easy", "stdio", 1, 1 / 2, 1),
        ("hard", "call", 1, 0.0, 1),
        ("all", "all", 2, 2 / 3, 3),
        ("easy", "all", 2, 1.0, 2),
        ("hard", "all", 2, 0.0, 1),
        ("all", "call", 2, 1 / 2, 2),
        ("all", "stdio", 2, 1.0, 1),
        ("easy", "call", 2, 1.0, 1),
        ("easy", "stdio", 2, 1.0, 1),
        ("hard", "call", 2, 0.0, 1),
    ]


def test_intervals_by_hand(evaluations, infos, run):
    """pass@1: values 1, 1/2, 0, squares 1/2 of 3/4, each with 0.35 more; t = 4.3027 for z; pass@2: 1, 1, 0 of 3."""
    (result,) = score(evaluations, infos, run, USAGE)

    bounds = {s.k: (s.low, s.high) for s in result.scores if s.difficulty == s.kind == "all"}

    n_eff = 3 * (1 + (1.10 / 0.85 - 1) * (1.959964 / 4.302653) ** 2)
    assert bounds[1] == pytest.approx(proportion_interval(n_eff / 2, n_eff), abs=1e-6)
    assert bounds[2] == pytest.approx(proportion_interval(2, 3))


def test_a_score_has_two_intervals(evaluations, infos, run):
    """The narrower one is for these problems drawn again, from 2 of 2, 1 of 2 and 0 of 2 samples."""
    (result,) = score(evaluations, infos, run, USAGE)

    (first,) = (s for s in result.scores if (s.difficulty, s.kind, s.k) == ("all", "all", 1))

    assert (first.redrawn_low, first.redrawn_high) == redrawn_interval([(2, 2), (2, 1), (2, 0)], 1, 1 / 2)
    assert first.low < first.redrawn_low < first.redrawn_high < first.high


def test_one_sample_a_problem_has_no_interval_drawn_again(make_evaluation, infos, make_run):
    """It doesn't tell how much a problem varies."""
    (result,) = score([make_evaluation("a", 0), make_evaluation("b", 0)], infos, make_run(k=(1,)), USAGE)

    assert {(row.redrawn_low, row.redrawn_high) for row in result.scores} == {(None, None)}


def test_families_reach_the_tallies_and_widen_the_interval(make_evaluation, infos, run):
    """One contest of three problems is no more than one problem."""
    contest = {task_id: msgspec.structs.replace(info, family="contest") for task_id, info in infos.items()}
    rows = [make_evaluation(task_id, index) for task_id in infos for index in (0, 1)]

    ((alone,), (together,)) = (score(rows, of, run, USAGE) for of in (infos, contest))

    assert {tally.family for tally in together.tallies} == {"contest"}
    assert (together.scores[0].low, together.scores[0].high) == proportion_interval(1, 1)
    assert together.scores[0].low < alone.scores[0].low


def test_shares_of_verdicts(evaluations, infos, run):
    """Of two samples a problem, wrong answers are 0, 1/2 and 1/2; accepted is pass@1; what never came has no row."""
    (result,) = score(evaluations, infos, run, USAGE)

    shares = {(s.difficulty, s.kind, str(s.verdict)): (s.samples, s.value) for s in result.verdict_shares}

    assert {verdict: share for (difficulty, kind, verdict), share in shares.items() if difficulty == kind == "all"} == {
        "accepted": (3, 1 / 2),
        "wrong_answer": (2, 1 / 3),
        "time_limit": (1, pytest.approx(1 / 6)),
    }
    assert shares["easy", "all", "wrong_answer"] == (1, 1 / 4)
    assert shares["hard", "call", "time_limit"] == (1, 1 / 2)
    assert ("easy", "all", "time_limit") not in shares


def test_equal_samples_are_counted(make_evaluation, make_info, make_run):
    """Of problems with several: the completions count, not the verdicts, in any order."""
    texts = {"a": "xxx", "b": "xyx", "c": "x", "d": "yy"}
    rows = [
        msgspec.structs.replace(make_evaluation(task_id, index), completion_sha256=text)
        for task_id, of_task in texts.items()
        for index, text in enumerate(of_task)
    ]

    for order in (1, -1):
        (result,) = score(
            rows[::order],
            {task_id: make_info(task_id) for task_id in texts},
            make_run(problems=dict.fromkeys(texts, "")),
            USAGE,
        )
        assert result.repetition == Repetition(problems=3, equal=2)


def test_tallies_and_verdicts(evaluations, infos, run):
    """Tasks are tallied in the benchmark's order, and every verdict is counted, those that never came too."""
    (result,) = score(evaluations[::-1], infos, run, USAGE)

    assert result.tallies == (
        Tally(task_id="a", difficulty="easy", kind="call", n=2, c=2),
        Tally(task_id="b", difficulty="easy", kind="stdio", n=2, c=1),
        Tally(task_id="c", difficulty="hard", kind="call", n=2, c=0),
    )
    assert result.verdict_counts == dict.fromkeys(Verdict, 0) | {
        Verdict.ACCEPTED: 3,
        Verdict.WRONG_ANSWER: 2,
        Verdict.TIME_LIMIT: 1,
    }


def test_order_does_not_matter(evaluations, infos, run):
    """The same evaluations in another order give the same bytes."""
    assert msgspec.json.encode(score(evaluations, infos, run, USAGE)) == msgspec.json.encode(
        score(iter(evaluations[::-1]), infos, run, USAGE)
    )


def test_one_result_a_policy(make_evaluation, infos, run):
    """Policies are scored apart from each other and sorted."""
    rows = [make_evaluation("a", i, policy=policy) for policy in ("z", "b") for i in (0, 1)]

    assert [result.policy for result in score(rows, infos, run, USAGE)] == ["b", "z"]


def test_sandbox_errors_count_against_nobody(evaluations, make_evaluation, infos, run):
    """They are left out of n; b then has one sample, all right, and is left out of pass@2 only: (1 + 0) / 2."""
    evaluations[2] = make_evaluation("b", 0, Verdict.SANDBOX_ERROR)

    (result,) = score(evaluations, infos, run, USAGE)

    assert result.tallies[1] == Tally(task_id="b", difficulty="easy", kind="stdio", n=1, c=1, lost=1)
    assert result.verdict_counts[Verdict.SANDBOX_ERROR] == 1
    assert Verdict.SANDBOX_ERROR not in {share.verdict for share in result.verdict_shares}
    assert [(s.k, s.value, s.problems) for s in result.scores if s.difficulty == s.kind == "all"] == [
        (1, 2 / 3, 3),
        (2, 1 / 2, 2),
    ]


def test_a_problem_of_sandbox_errors_alone_has_no_part_in_shares(make_evaluation, infos, run):
    """Of a, one of two is accepted: that is the share of all; faults of the sandbox have none."""
    error = Verdict.SANDBOX_ERROR
    rows = [make_evaluation("a", 0), make_evaluation("a", 1, Verdict.WRONG_ANSWER)]
    rows += [make_evaluation("b", 0, error), make_evaluation("b", 1, error)]

    (result,) = score(rows, infos, run, USAGE)

    assert [(s.verdict, s.samples, s.value) for s in result.verdict_shares if s.difficulty == s.kind == "all"] == [
        (Verdict.ACCEPTED, 1, 1 / 2),
        (Verdict.WRONG_ANSWER, 1, 1 / 2),
    ]


def test_the_interval_of_a_share_is_that_of_its_problems(evaluations, infos, run):
    """Wrong answers of a, b, c are 0, 1/2, 1/2: squares 1/6 of 2/3, each with 0.35 more; t = 4.3027 for z."""
    (result,) = score(evaluations, infos, run, USAGE)

    (wrong,) = (s for s in result.verdict_shares if (s.difficulty, s.kind, s.verdict) == ("all", "all", "wrong_answer"))

    n_eff = 3 * (1 + ((2 / 3 + 0.35) / (1 / 6 + 0.35) - 1) * (1.959964 / 4.302653) ** 2)
    assert (wrong.low, wrong.high) == pytest.approx(proportion_interval(n_eff / 3, n_eff), abs=1e-6)


def test_only_problems_with_samples_are_tallied(make_evaluation, infos, run):
    """The ids of the tallies are the problems that were judged; b and c would be 0 of 0."""
    (result,) = score([make_evaluation("a", 0), make_evaluation("a", 1)], infos, run, USAGE)

    assert [tally.task_id for tally in result.tallies] == ["a"]


def test_nothing_but_sandbox_errors_is_no_score(make_evaluation, infos, run):
    """An undefined mean is left out, not rounded to a number."""
    rows = [make_evaluation("a", i, Verdict.SANDBOX_ERROR) for i in (0, 1)]

    (result,) = score(rows, infos, run, USAGE)

    assert (result.scores, result.verdict_shares) == ((), ())


def test_extraction_is_counted(make_evaluation, infos, run):
    """How many samples came by which rule, and how many were cut off."""
    rows = [
        make_evaluation("a", 0, extraction="none", complete=False),
        make_evaluation("a", 1, extraction="fence", discarded_chars=7),
        make_evaluation("b", 0, extraction="fence", complete=False),
        make_evaluation("b", 1),
        make_evaluation("b", 2, extraction="last"),
        make_evaluation("b", 3, extraction="first"),
    ]

    (result,) = score(rows, infos, run, USAGE)

    assert (result.extraction_counts, result.cut_off) == (
        {"fence": 2, "first": 1, "last": 1, "none": 1, "whole": 1},
        2,
    )
    assert [*result.extraction_counts] == ["fence", "first", "last", "none", "whole"]  # not as a set has them


def test_the_protocol_stands_in_the_result(evaluations, infos, make_run):
    """Prompt card, extraction, problem set, file of limits: whoever quotes the number can say how it came about."""
    card = PromptCardId(name="paper", sha256="c")
    asked = make_run(prompt_card=card, extraction="last", problem_set="paper", limits_file="limits.json")

    (result,) = score(evaluations, infos, asked, USAGE)

    assert result.schema == 5
    assert result.conditions == msgspec.structs.replace(asked.conditions, samples=2)


def test_too_few_samples_are_refused(evaluations, infos, run):
    """A refusal names the task, n and k, for evaluations and for samples that are not judged yet."""
    with pytest.raises(UserError, match=r"task c has n = 1 samples by m, too few for pass@k with k = 2"):
        score(evaluations[:-1], infos, run, USAGE)
    with pytest.raises(UserError, match=r"task a has n = 2 .* k = 10"):
        refuse_short({("m", "a"): 2}, (1, 10))


def test_the_result_says_how_samples_were_drawn(evaluations, infos, make_run):
    """Sampling, producer and usage go into it as they are."""
    sampling = Sampling(n=2, temperature=0.8, top_p=0.95, max_tokens=8, stop=(), seed=0)
    producer = Producer(
        backend="b", model="m", weights="w", dtype="d", versions={}, options={}, repeatable="yes"
    )  # fmt: skip
    usage = Usage(prompt_tokens=1, tokens=2, finish_counts={"stop": 6})

    (result,) = score(evaluations, infos, make_run(sampling=sampling, producer=producer), {"m": usage})

    assert (result.conditions.sampling, result.conditions.producer, result.usage) == (sampling, producer, usage)


NO_PANDAS = "ModuleNotFoundError: No module named 'pandas'"


def test_programs_that_failed_for_an_absent_package_are_counted_by_its_name(make_evaluation, infos, run):
    """Its top-level name; a module of the library, a handled error and another verdict are none of it."""
    failed, wrong = Verdict.RUNTIME_ERROR, Verdict.WRONG_ANSWER
    found = [
        ("a", failed, NO_PANDAS), ("a", failed, "ModuleNotFoundError: No module named 'pandas.io'; ..."),
        ("b", failed, "assert f() == 1: ModuleNotFoundError: No module named 'sympy'"), ("b", wrong, NO_PANDAS),
        ("c", failed, "ModuleNotFoundError: No module named 'tkinter'"), ("c", failed, "NameError: name 'pandas'"),
    ]  # fmt: skip
    evaluations = [
        msgspec.structs.replace(make_evaluation(task, number % 2, verdict), detail=detail)
        for number, (task, verdict, detail) in enumerate(found)
    ]

    (result,) = score(evaluations, infos, run, USAGE)

    assert result.absent_packages == {"pandas": 2, "sympy": 1}


def test_made_up_packages_are_bounded_whatever_their_order():
    """Of 1005 names the first 1000 are kept, with their exact counts."""
    names = [f"p{number:04}" for number in range(1005)]
    there, back = Counter[str](), Counter[str]()
    for name in names * 2:
        count_package(there, name)
    for name in reversed(names * 2):
        count_package(back, name)

    assert there == back == Counter(dict.fromkeys(names[:1000], 2))
