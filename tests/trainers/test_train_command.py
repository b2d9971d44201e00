"""`proctor train`: recipes, settings on the command line, and what is printed."""

import json
import shutil
from typing import get_type_hints

import msgspec
import pytest

from harness.cli.main import run
from harness.progress import ProgressLog
from trainers.config import TrainingOptions

pytestmark = pytest.mark.slow

OWN = '''
"""A trainer of one's own: it records its arguments."""

from trainers.trainer import Checkpoint, Trainer


def train(groups, model, out, options):
    return Checkpoint(path=str(out), base=model, method="own", step=7, config=options, groups_sha256="", commit="")


own = Trainer(name="own", train=train)
'''


@pytest.fixture
def train(tmp_path, make_groups, tiny_base, capsys):
    """Return a function that gives the command and returns exit code, standard output and standard error."""
    groups = make_groups(2)

    def give(*arguments, method="rloo"):
        where = ("--groups", groups, "--model", tiny_base, "--out", tmp_path / "out")
        code = run(["train", method, *map(str, where), *arguments])
        return code, *capsys.readouterr()

    return give


@pytest.fixture
def own(tmp_path):
    """Return a method of one's own, as the command line names it."""
    (tmp_path / "mine.py").write_text(OWN)
    return f"{tmp_path / 'mine.py'}:own"


def test_a_checkpoint_comes_of_it(tmp_path, train):
    """The command says where it was written, and it is the method's."""
    code, printed, _ = train(method="rloo-exp")

    assert (code, printed) == (0, f"Checkpoint of step 1 written to {tmp_path / 'out'}\n")
    assert json.loads((tmp_path / "out" / "checkpoint.json").read_text())["method"] == "rloo-exp"


def test_a_stop_is_told_and_the_same_command_goes_on(tmp_path, train):
    """Exit code 0 both times."""
    first = train("--max-hours", "1e-9", "--epochs", "2")
    second = train("--max-hours", "1e-9", "--epochs", "2")

    assert first[:2] == (0, f"Checkpoint of step 1 written to {tmp_path / 'out' / 'steps' / '00000001'}\n")
    assert first[2].endswith("stopped because of --max-hours; the same command resumes here\n")
    assert second[:2] == (0, f"Checkpoint of step 2 written to {tmp_path / 'out'}\n")
    assert "--max-hours" not in second[2]


def test_options_override_the_recipe(tmp_path, train, own):
    """And the recipe the defaults; a trainer of one's own gets them all."""
    recipe = tmp_path / "mine.toml"
    recipe.write_text("epochs = 3\nlearning_rate = 1e-4\npacking = true\n")

    code, printed, _ = train("--recipe", str(recipe), "--epochs", "5", "--packing", "off", "--json", method=own)

    found = json.loads(printed)
    assert (code, found["method"], found["step"]) == (0, "own", 7)
    assert msgspec.convert(found["config"], TrainingOptions) == TrainingOptions(
        epochs=5, learning_rate=1e-4, packing=False
    )


def test_every_setting_has_its_option(train, own):
    """With another value than the default, each arrives."""
    other = {
        bool: lambda value: not value,
        int: lambda value: value + 1,
        float: lambda value: (value or 0.25) / 2,
        type(None): lambda _: 3,
        str: {
            "cosine": "linear",
            "float32": "bfloat16",
            "sdpa": "flash_attention_2",
            "none": "wandb",
            "auto": "on",
            "all": "none",
        }.get,
    }
    defaults = msgspec.structs.asdict(TrainingOptions())
    wanted = {name: other[type(value)](value) for name, value in defaults.items()}
    texts = [name for name, kind in get_type_hints(TrainingOptions).items() if kind == str | None]
    wanted |= {name: str(wanted[name]) for name in texts}

    given = [text for name, value in wanted.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    code, printed, _ = train(*given, "--json", method=own)

    assert code == 0
    assert json.loads(printed)["config"] == wanted | {"gradient_checkpointing": True}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs 0: expected int >= 1; see proctor train --help"),
        (["--dtype", "int8"], "'int8' is not one of"),
        (["--recipe", "no.toml"], "no.toml"),
        (["--recipe", "paper-99b"], "paper-99b"),
    ],
)
def test_mistakes_are_told_in_one_line(train, own, arguments, message):
    """With exit code 2."""
    code, printed, reported = train(*arguments, method=own)

    assert (code, printed) == (2, "")
    assert message in reported
    assert reported.count("\n") == 1


def test_an_unknown_method_is_told_with_the_known_ones(train):
    """By name."""
    code, _, reported = train(method="ppo")

    assert code == 2
    assert "rloo, rloo-exp, rloo-floor, rloo-grpo, rloo-kl, sft, topr" in reported


def test_a_checkpoint_is_a_base_again(tmp_path, train, tiny_base):
    """What was trained can be trained on, by path."""
    train()
    shutil.move(tmp_path / "out", tmp_path / "trained")

    code, *_ = train("--model", str(tmp_path / "trained"))

    record = json.loads((tmp_path / "out" / "checkpoint.json").read_text())
    assert (code, record["base"]) == (0, str(tmp_path / "trained"))
    assert record["base"] != str(tiny_base)


def test_progress_tells_what_training_does(train, monkeypatch):
    """Here it is asked after every step."""
    lines = []

    def asked(rows, total, what, _stream, **options):
        log = ProgressLog(total, what, **options)
        for row in rows:
            yield row
            log.count()
            lines.append(log.line())

    monkeypatch.setattr("trainers.loop.watched", asked)

    _, _, reported = train("--epochs", "3", "--save-every-steps", "1")

    steps = [line for line in lines if line.startswith("trained")]
    assert [line.split(",")[0] for line in steps] == ["trained 1 of 3", "trained 2 of 3", "trained 3 of 3"]
    assert all(word in steps[0] for word in ("left", "loss", "accepted -", "rejected -", "gradient", "tokens/s"))
    assert "is trained on the CPU with 1 thread (OMP_NUM_THREADS=1)" in reported.splitlines()[0]


@pytest.mark.parametrize("plan", [(), ("--plan",)])
@pytest.mark.parametrize(
    ("method", "given"),
    [("dpo", "--clip=1"), ("kto", "--clip=1"), ("sft", "--clip=1"), ("rloo", "--kl-weight=0.1"),
     ("topr", "--exp-lambda=2"), ("dapo", "--token-mean=on"), ("dpo", "--importance-cap=1")],
)  # fmt: skip
def test_an_option_that_the_method_doesn_t_use_is_refused(train, method, given, plan):
    """In one line, before anything is loaded."""
    option = given.partition("=")[0]

    code, _, said = train(given, *plan, method=method)

    assert code == 2
    assert said == f"proctor: {method} doesn't use {option}; leave that out, or choose a method that does\n"


def test_a_recipe_for_many_methods_may_hold_options_of_some(tmp_path, train):
    """Those that don't count are told; a method of one's own may use any."""
    recipe = tmp_path / "mine.toml"
    recipe.write_text("clip = 1.0\nexp_lambda = 2.0\nlearning_rate = 1e-3\n")

    code, _, said = train("--recipe", str(recipe), method="sft")

    assert code == 0
    assert "sft doesn't use --clip, --exp-lambda of the recipe" in said
