"""The judge as a reward function: what TRL hands over is judged, and TRL itself trains by it."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.benchmarks.mini import mini
from harness.errors import UserError
from harness.examination.trl_reward import judged_reward
from sandbox.jail import Jail
from sandbox.records import Judgement, Verdict

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TASK = "introductory/longest_even_run"
RIGHT = mini.problems(None)[TASK].reference
WRONG = "def longest_even_run(values):\n    return -1\n"
RAISES = "def longest_even_run(values):\n    return values / 0\n"
NO_PYTHON = "def longest_even_run(values:\n"
PAPER = {Verdict.ACCEPTED: 1.0, Verdict.WRONG_ANSWER: -0.1, Verdict.RUNTIME_ERROR: -0.6, Verdict.COMPILE_ERROR: -1.0}


def rewards(*completions, prompts=None, task_id=None, **settings):
    """Return the rewards of completions for one task, called as TRL calls."""
    judged = judged_reward(mini.problems(None), workers=2, **settings)
    return judged(
        prompts=prompts or ["Write it."] * len(completions),
        completions=list(completions),
        completion_ids=[[1, 2]] * len(completions),
        task_id=task_id or [TASK] * len(completions),
        trainer_state=None,
        log_metric=print,
    )


def test_accepted_programs_are_rewarded():
    """With 1, and others with 0, in the order of the completions."""
    assert rewards(WRONG, RIGHT, RAISES, RIGHT, NO_PYTHON) == [0.0, 1.0, 0.0, 1.0, 0.0]


def test_each_verdict_may_have_its_reward():
    """Such as those of the paper."""
    assert rewards(RIGHT, WRONG, RAISES, NO_PYTHON, rewards=PAPER, extraction="whole") == [1.0, -0.1, -0.6, -1.0]


def test_a_verdict_without_reward_is_left_out():
    """None is what TRL takes for that."""
    assert rewards(RIGHT, WRONG, rewards={Verdict.ACCEPTED: 1.0}) == [1.0, None]


def test_a_fault_of_the_sandbox_is_left_out(monkeypatch):
    """It says nothing of the program."""
    fault = Judgement(verdict=Verdict.SANDBOX_ERROR, per_test=(), cpu_s=0.0, detail="")
    monkeypatch.setattr(
        "harness.examination.trl_reward.judge_all", lambda cases, _jail, _workers, **_: [fault for _ in cases]
    )

    assert rewards(RIGHT, WRONG) == [None, None]


def test_a_fault_of_the_sandbox_can_not_be_rewarded():
    """Nobody can say so by mistake."""
    with pytest.raises(UserError, match="a sandbox error says nothing of a program"):
        judged_reward({}, rewards={Verdict.SANDBOX_ERROR: 0.0})


def test_the_program_is_found_in_a_chat():
    """In the last message, between fences."""
    answer = [{"role": "assistant", "content": f"Like this:\n```python\n{RIGHT}```\nDone."}]

    assert rewards(answer, prompts=[[{"role": "user", "content": "Write it."}]]) == [1.0]


def test_every_completion_is_judged_by_its_own_task():
    """A batch holds several."""
    other = "introductory/total_duration"
    references = [mini.problems(None)[task].reference for task in (TASK, other)]

    assert rewards(*references, *references, task_id=[TASK, other, other, TASK]) == [1.0, 1.0, 0.0, 0.0]


def test_an_unknown_task_is_told():
    """The column comes from the user."""
    with pytest.raises(UserError, match=r"task 'no/such' is not among the problems; check .* column task_id"):
        rewards(RIGHT, task_id=["no/such"])


def test_the_jail_is_the_users_to_choose(monkeypatch):
    """And so is the number of workers."""
    chosen = []
    monkeypatch.setattr(
        "harness.examination.trl_reward.judge_all", lambda *arguments, **_: chosen.append(arguments[1:]) or ()
    )
    jail = Jail(preload=("numpy",))

    rewards(RIGHT, jail=jail)

    assert chosen == [(jail, 2)]


def test_trl_trains_by_it(tiny_model, tmp_path):
    """One step of the real GRPO trainer, as the example shows: random weights write nothing that runs."""
    command = [sys.executable, ROOT / "examples" / "trl_grpo.py", tiny_model, tmp_path / "trained", "1"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert ended.returncode == 0, ended.stderr
    mean = float(re.search(r"^mean reward: (\S+)$", ended.stdout, re.MULTILINE)[1])
    assert -1.0 <= mean < 0
    assert not math.isnan(mean)
    assert (tmp_path / "trained" / "model.safetensors").is_file()
