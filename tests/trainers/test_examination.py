"""Examinations while a policy trains: what is the best so far, when harm stops it, and what a kill leaves."""

import itertools
import json
import shutil

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from usual_conditions import conditions

from harness.errors import UserError
from harness.runs.jsonl import pretty_json
from harness.runs.records import Repetition, Result, Score, Tally, Usage
from sandbox.records import Verdict
from trainers import loop, methods
from trainers.config import TrainingOptions
from trainers.examination import examination_line, examiner, scores_of, standing
from trainers.train import train_by
from trainers.trainer import TrainingMethod
from trainers.training_run import StepScore

OPTIONS = TrainingOptions(learning_rate=1e-3, epochs=2, save_every_steps=100, every=2)
"""Five groups twice, two a step: five steps, examined at 0, 2, 4 and 5."""
SOLVED, UNSOLVED = (10,) * 4, (0,) * 4
"""Samples of four problems, of which all or none pass."""


def result(*accepted, n=10, k=1):
    """Return a result with so many accepted of n samples of each problem; None for a problem without a sample."""
    tallies = tuple(
        Tally(task_id=f"t{number}", difficulty="", kind="stdio", n=0 if c is None else n, c=c or 0)
        for number, c in enumerate(accepted)
    )
    value = sum(c or 0 for c in accepted) / n / len(accepted)
    scores = (
        Score(difficulty="all", kind="all", k=k, value=value, low=0.25, high=0.75, problems=len(accepted)),
        Score(difficulty="easy", kind="all", k=k, value=1.0, low=0.5, high=1.0, problems=1),
    )
    return Result(
        policy="m", conditions=conditions(), usage=Usage(prompt_tokens=None, tokens=None, finish_counts={}),
        verdict_counts=dict.fromkeys(Verdict, 0), extraction_counts={}, cut_off=0,
        repetition=Repetition(problems=0, equal=0), verdict_shares=(), tallies=tallies, scores=scores,
    )  # fmt: skip


def test_the_only_policy_is_the_best():
    """Nothing to compare it with."""
    found = standing([(0, result(0, 0))], 2)

    assert (found.best, found.against, found.change, found.harmed) == (0, 0, None, False)


def test_a_higher_score_is_the_best_from_then_on():
    """Of 10 %, 30 %, 30 % and 20 % the first 30 %; the last is compared with it."""
    found = standing([(0, result(1, 1)), (2, result(3, 3)), (4, result(2, 4)), (6, result(2, 2))], 4)

    assert (found.best, found.against) == (2, 2)
    assert found.change.value == pytest.approx(-0.1)


@given(st.lists(st.tuples(*[st.integers(0, 10)] * 3), min_size=2, max_size=6))
def test_the_best_is_the_first_of_the_highest(accepted):
    """Whatever came in between; the latest is compared with the best of those before it."""
    totals = [sum(counts) for counts in accepted]

    found = standing([(step, result(*counts)) for step, counts in enumerate(accepted)], len(accepted))

    assert found.best == totals.index(max(totals))
    assert found.against == totals.index(max(totals[:-1]))
    assert found.change.value == pytest.approx((totals[-1] - totals[found.against]) / 30)
    assert not (found.harmed and found.best == len(accepted) - 1)


def test_the_interval_decides_by_hand():
    """Four problems lost whole: centre -4/6, error sqrt((5/6 - 16/36) / 6) = 0.254588.

    Of two policies 1.644854 of it, at 5 %, leave -0.2479; of six, at a fifteenth of that, 2.713052 leave +0.0240.
    """
    before, now = (0, result(10, 10, 10, 10)), (2, result(0, 0, 0, 0))

    of_two, of_six = standing([before, now], 2), standing([before, now], 6)

    assert of_two.change.high == pytest.approx(-2 / 3 + 1.644854 * 0.254588, abs=1e-5)
    assert of_six.change.high == pytest.approx(-2 / 3 + 2.713052 * 0.254588, abs=1e-5)
    assert (of_two.harmed, of_six.harmed) == (True, False)
    assert of_two.best == of_six.best == 0


def test_problems_that_lost_all_their_samples_are_left_out():
    """Of two problems only the one with samples in both counts: +0.1; of none, nothing is compared."""
    assert standing([(0, result(1, None)), (2, result(2, 10))], 2).change.value == pytest.approx(0.1)
    assert standing([(0, result(1, None)), (2, result(None, 1))], 2).change is None


def test_scores_are_those_of_all_problems():
    """Neither of a difficulty nor of a kind of test."""
    assert scores_of(result(5, 5)) == (StepScore(k=1, value=0.5, low=0.25, high=0.75),)


def test_the_line_tells_scores_change_and_best():
    """In percent, with the step that it is compared with."""
    found = standing([(0, result(10, 10, 10, 10)), (2, result(0, 0, 0, 0))], 2)

    assert examination_line(2, scores_of(result(0, 0)), found) == (
        "step 2: pass@1 0.0 % (25.0 to 75.0), -100.0 (-100.0 to -24.8) against step 0, worse; "
        "the best is that of step 0"
    )


def test_an_unknown_layer_is_refused_before_anything_is_trained():
    """The message names the option."""
    with pytest.raises(UserError, match=r"--examine-isolation: no such layer: moat"):
        examiner(TrainingOptions(examine="mini", examine_isolation="moat"))
    assert examiner(TrainingOptions()) is None


class Scripted:
    """Examines by a script: step -> accepted samples of the first of four problems, or of all of them."""

    def __init__(self, by_step, killed_at=None):
        """Take the script, and the step at which it is interrupted, once."""
        self.by_step, self.killed_at, self.examined = by_step, killed_at, []

    def __call__(self, checkpoint, run):
        """Write a made-up result, as a run does, of a checkpoint that is there."""
        step = int(checkpoint.name)
        assert json.loads((checkpoint / "checkpoint.json").read_text())["step"] == step
        if step == self.killed_at:
            self.killed_at = None
            raise KeyboardInterrupt
        self.examined.append(step)
        run.mkdir(parents=True)
        accepted = self.by_step.get(step, 5)
        counts = (accepted, 10, 0, 5) if isinstance(accepted, int) else accepted
        (run / "result.json").write_bytes(pretty_json([result(*counts)]))


@pytest.fixture
def train(tmp_path, make_groups, tiny_base):
    """Return a function that trains with a scripted examination."""
    groups = make_groups()

    def give(name, examine, **changed):
        options = msgspec.structs.replace(OPTIONS, **changed)
        return train_by(
            TrainingMethod("rloo", methods.leave_one_out), groups=groups, model=str(tiny_base), out=tmp_path / name,
            options=options, examine=examine,
        )  # fmt: skip

    return give


def bits(folder):
    """Return the bytes of the weights."""
    return (folder / "model.safetensors").read_bytes()


def rows(folder):
    """Return the metrics without the clock's."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "tokens_per_s"} for line in lines]


def kept(folder):
    """Return the names of the checkpoints on the way, and the one that the link leads to."""
    return sorted(path.name for path in (folder / "steps").iterdir()), (folder / "best").resolve().name


@pytest.mark.slow
def test_scores_are_in_the_metrics_and_the_best_checkpoint_is_kept(tmp_path, train):
    """At 0, every 2 steps and the end; the others' checkpoints go, and the weights are those of a plain training."""
    examine = Scripted({0: 1, 2: 6, 4: 5, 5: 6})

    train("examined", examine)
    train("plain", None)

    assert examine.examined == [0, 2, 4, 5]
    assert [[score["value"] for score in row.get("scores", [])] for row in rows(tmp_path / "examined")] == [
        [], [0.525], [], [0.5], [0.525],
    ]  # fmt: skip
    assert kept(tmp_path / "examined") == (["00000002"], "00000002")
    assert bits(tmp_path / "examined") == bits(tmp_path / "plain")
    assert [row | {"scores": []} for row in rows(tmp_path / "examined")] == [
        row | {"scores": []} for row in rows(tmp_path / "plain")
    ]
    assert not (tmp_path / "examined" / "state.pt").exists()


@pytest.mark.slow
def test_checkpoints_that_are_to_be_kept_stay(tmp_path, train):
    """By --keep-every-steps, whatever their scores."""
    train("out", Scripted({5: 9}), keep_every_steps=4)

    assert kept(tmp_path / "out") == (["00000004", "00000005"], "00000005")


@pytest.mark.slow
@pytest.mark.parametrize("step", [0, 2, 4, 5])
def test_a_training_killed_in_an_examination_goes_on_to_the_same(tmp_path, train, step):
    """The same weights, metrics and checkpoints; what was examined is not examined again."""
    script = {0: 1, 2: 6, 4: 5, 5: 6}
    train("whole", Scripted(script))
    examine = Scripted(script, killed_at=step)
    with pytest.raises(KeyboardInterrupt):
        train("killed", examine)

    train("killed", examine)

    assert examine.examined == [0, 2, 4, 5]
    assert bits(tmp_path / "killed") == bits(tmp_path / "whole")
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")
    assert kept(tmp_path / "killed") == kept(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_a_training_killed_in_a_step_goes_on_to_the_same(tmp_path, train, monkeypatch, step):
    """Wherever it was."""
    script = {0: 1, 2: 6, 4: 5, 5: 6}
    train("whole", Scripted(script))
    count, append = itertools.count(1), loop.append

    def until(file, row):
        append(file, row)
        if next(count) == step:
            raise KeyboardInterrupt

    examine = Scripted(script)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "append", until)
        with pytest.raises(KeyboardInterrupt):
            train("killed", examine)

    train("killed", examine)

    assert examine.examined == [0, 2, 4, 5]
    assert bits(tmp_path / "killed") == bits(tmp_path / "whole")
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")


@pytest.mark.slow
def test_harm_stops_a_training(tmp_path, train, capsys):
    """All samples of four problems pass at first, none after two steps; the same command leaves it so."""
    harmful = Scripted({0: SOLVED, 2: UNSOLVED})

    first, second = train("out", harmful), train("out", harmful)

    assert harmful.examined == [0, 2]
    assert first == second
    assert (first.step, first.path) == (2, str(tmp_path / "out"))
    assert kept(tmp_path / "out") == (["00000000"], "00000000")
    assert "training stops after step 2; the best checkpoint is" in capsys.readouterr().err
    assert not (tmp_path / "out" / "state.pt").exists()


@pytest.mark.slow
def test_harm_that_is_to_be_let_be_stops_nothing(tmp_path, train):
    """With --stop-on-harm off training goes to its end; the best is kept all the same."""
    checkpoint = train("out", Scripted({0: SOLVED, 1: UNSOLVED, 2: UNSOLVED}), max_steps=2, every=1, stop_on_harm=False)

    assert checkpoint.step == 2
    assert kept(tmp_path / "out") == (["00000000"], "00000000")


@pytest.mark.slow
def test_the_clock_stops_between_examinations_too(tmp_path, train):
    """Each call takes a step; what is due then is examined by the next call, which ends with the same bits."""
    script = {0: 1, 2: 6, 4: 5, 5: 6}
    train("whole", Scripted(script))
    examine = Scripted(script)

    steps = [train("hurried", examine, max_hours=1e-9).step for _ in range(5)]

    assert steps == [1, 2, 3, 4, 5]
    assert examine.examined == [0, 2, 4, 5]
    assert bits(tmp_path / "hurried") == bits(tmp_path / "whole")
    assert rows(tmp_path / "hurried") == rows(tmp_path / "whole")


@pytest.mark.slow
def test_a_real_examination_is_a_run_of_its_own(tmp_path, run, capsys):
    """Generated and judged as by `proctor run`: one problem of the miniature, two samples of at most four tokens."""
    shown = msgspec.structs.replace(
        OPTIONS, max_steps=1, examine="miniature", examine_limit=1, examine_n=2, examine_max_tokens=4
    )

    run("out", shown)

    (row,) = rows(tmp_path / "out")
    assert [score["k"] for score in row["scores"]] == [1, 2]
    for step in ("00000000", "00000001"):
        folder = tmp_path / "out" / "examinations" / step
        (found,) = json.loads((folder / "result.json").read_text())
        assert (found["policy"], len(found["tallies"])) == (f"step-{int(step)}", 1)
    assert "proctor: step 1: pass@1" in capsys.readouterr().err

    shutil.rmtree(tmp_path / "out" / "examinations" / "00000001")
    with pytest.raises(UserError, match="its examine_n was 2 and is now 3"):
        run("out", msgspec.structs.replace(shown, examine_n=3))
