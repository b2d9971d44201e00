"""`proctor generate`: what it settles, writes, says and returns."""

import json
import subprocess
import sys

import msgspec
import pytest

from harness.cli.main import run
from harness.runs.python_json import decode
from harness.runs.records import Generation, PromptCardId, Result, Sampling


def generation(folder):
    """Return what was asked of the model."""
    return decode((folder / "generation.json").read_bytes(), Generation, "")


def samples(folder):
    """Return the rows of the samples."""
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


def test_generate_writes_samples_and_what_was_asked(proctor, tmp_path, capsys):
    """Two samples of each of the four tasks of the test split, as the card says; tokens and endings are told."""
    assert proctor("generate") == 0

    assert {path.name for path in (tmp_path / "run").iterdir()} == {"generation.json", "samples.jsonl"}
    assert [(row["task_id"], row["index"]) for row in samples(tmp_path / "run")] == [
        (task_id, index) for task_id in "1234" for index in (0, 1)
    ]
    first = samples(tmp_path / "run")[0]
    assert (first["policy"], first["prompt"], first["tokens"], first["finish_reason"]) == ("m", "Task 1", 3, "stop")
    assert first["completion"] == f"# é\ndef f(): return {first['seed'] % 2}\n"
    asked = generation(tmp_path / "run")
    assert asked.sampling == Sampling(n=2, temperature=0.5, top_p=0.9, max_tokens=8, stop=("END",), seed=0)
    assert (asked.policy, asked.producer.backend, asked.prompt_card.name) == ("m", "scripted", "toy")
    assert (asked.splits, list(asked.prompts)) == (("test",), ["1", "2", "3", "4"])
    told = "8 samples of 4 problems, 24 tokens; ended 8 by stop. Samples written to run/samples.jsonl\n"
    assert capsys.readouterr().out == told


@pytest.mark.parametrize(("options", "told"), [(["--n", "2"], True), (["--n", "1"], False)])
def test_equal_samples_are_warned_of(proctor, tmp_path, capsys, options, told):
    """Both samples of each of four problems are the same, at temperature 0.5; one a problem can't be equal."""
    (tmp_path / "equal.jsonl").write_text(
        "".join(json.dumps({"task_id": task, "completion": "x"}) + "\n" for task in "1234" * 2)
    )
    replayed = ["--backend", "replay", "--model", "equal.jsonl", "--temperature", "0.5"]

    assert proctor("generate", *options, *replayed) == 0

    warning = "All samples of a problem are equal, byte for byte, in 4 of 4 problems with several (temperature 0.5)"
    assert (warning in capsys.readouterr().err) == told


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        (["--n", "1"], {"n": 1, "temperature": 0.0}),
        (["--n", "1", "--temperature", "0.7"], {"n": 1, "temperature": 0.7}),
        (["--n", "3"], {"n": 3}),
        (["--top-p", "1", "--max-tokens", "5", "--seed", "4"], {"top_p": 1.0, "max_tokens": 5, "seed": 4}),
        (["--stop", "\n\n", "--stop", "#"], {"stop": ("\n\n", "#")}),
    ],
)
def test_sampling_is_the_cards_unless_it_is_said_otherwise(proctor, tmp_path, options, changed):
    """One sample is greedy where no temperature is given."""
    assert proctor("generate", *options) == 0

    card = {"n": 2, "temperature": 0.5, "top_p": 0.9, "max_tokens": 8, "stop": ("END",), "seed": 0}
    assert msgspec.structs.asdict(generation(tmp_path / "run").sampling) == card | changed


@pytest.mark.parametrize(
    ("options", "tasks"),
    [
        (["--split", "train"], "5"),
        (["--split", "all"], "12345"),
        (["--problem-set", "even"], "24"),
        (["--limit", "3"], "123"),
        (["--split", "all", "--limit", "9"], "12345"),
    ],
)
def test_problems_are_chosen(proctor, tmp_path, options, tasks):
    """By split, published set, or the first so many of them."""
    assert proctor("generate", *options) == 0

    assert "".join(generation(tmp_path / "run").prompts) == tasks
    assert generation(tmp_path / "run").problem_set == ("even" if "even" in options else "")


def test_the_policy_is_the_end_of_the_models_name(proctor, tmp_path):
    """Unless it is given."""
    assert proctor("generate", "--model", "org/tiny-1B/") == 0
    assert proctor("generate", "--policy", "base", out="named") == 0

    assert (generation(tmp_path / "run").policy, generation(tmp_path / "run").producer.model) == (
        "tiny-1B",
        "org/tiny-1B/",
    )
    assert {row["policy"] for row in samples(tmp_path / "named")} == {"base"}


def test_options_are_toml_values(proctor, tmp_path):
    """What is no such value is a text."""
    (tmp_path / "noting.py").write_text(
        "import json\nfrom contextlib import nullcontext\nfrom harness.generation.backend import Backend\n"
        "from harness.errors import UserError\n"
        "def load(model, options):\n    raise UserError(json.dumps(options))\n"
        "noting = Backend(name='noting', load=load)\n"
    )
    given = ["a=1", "b=0.5", "c=true", 'd="x y"', "e=[1, 2]", "f=float32", "g=1\nh = 2", "i=a=b"]
    options = [part for text in given for part in ("--option", text)]

    with pytest.MonkeyPatch.context() as patch:
        told = []
        patch.setattr("harness.cli.main._failed", lambda message, code: told.append((message, code)))
        proctor("generate", "--backend", "noting.py:noting", *options)

    assert json.loads(told[0][0].removeprefix("proctor: ")) == {
        "a": 1, "b": 0.5, "c": True, "d": "x y", "e": [1, 2], "f": "float32", "g": "1\nh = 2", "i": "a=b",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--seed", "1"], "generation.json: this is another run, its sampling.seed was 0 and is now 1"),
        (["--temperature", "0.6"], "its sampling.temperature was 0.5 and is now 0.6"),
        (["--model", "n", "--policy", "m"], 'its producer.model was "m" and is now "n"'),
        (["--option", "dtype=bfloat16"], 'its producer.dtype was "float32" and is now "bfloat16"'),
        (["--policy", "n"], 'its policy was "m" and is now "n"'),
        (["--limit", "3"], "its prompts differ, such as task 4"),
        (["--prompt-card", "other.toml"], 'its prompt_card.name was "toy" and is now "other"'),
    ],
)
def test_anything_else_is_another_run(proctor, tmp_path, capsys, options, problem):
    """The difference is named, and neither file is touched."""
    (tmp_path / "other.toml").write_bytes((tmp_path / "toy.toml").read_bytes())
    proctor("generate")
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    capsys.readouterr()

    assert proctor("generate", *options) == 2

    assert problem in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--n", "2", "--temperature", "0"], "--n 2: at temperature 0 all samples of a problem are alike"),
        (["--backend", "gone"], "there is no backend 'gone'. Choose from openai, replay"),
        (["--prompt-card", "gone"], "there is no prompt card 'gone'"),
        (["--split", "dev"], "there is no split 'dev'. Choose from all, test, train"),
        (["--problem-set", "odd"], "toy: there is no problem set 'odd'. Choose from even"),
        (["--problem-set", "even", "--split", "all"], "give only one"),
        (["--problem-set", "even", "--limit", "1"], "--limit leaves problems of the set out"),
        (["--option", "a"], "'a' is not KEY=VALUE"),
        (["--option", "a=1", "--option", "a=2"], "a is given twice"),
        (["--stop", ""], "--stop: an empty text would end every completion"),
        (["--policy", "a\nb"], "holds unprintable characters"),
        (["--out", "toy.py"], "toy.py: is a file"),
        (["--out", "."], "holds files, but no generation.json"),
    ],
)
def test_a_mistake_is_one_line(proctor, tmp_path, capsys, options, problem):
    """Exit code 2, one line on stderr that says what and where, nothing on stdout, no folder left."""
    before = sorted(tmp_path.iterdir())

    assert proctor("generate", *options) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert problem in err
    assert [path for path in sorted(tmp_path.iterdir()) if path.name != "__pycache__"] == before


def test_a_model_that_goes_away_is_exit_code_3(proctor, tmp_path, capsys):
    """What came is kept, and the same command goes on."""
    proctor("generate", out="whole")
    capsys.readouterr()

    assert proctor("generate", "--option", "lost_at=3") == 3
    assert capsys.readouterr().err == "proctor: the server went away\n"
    assert len(samples(tmp_path / "run")) == 3
    assert proctor("generate") == 0

    assert (tmp_path / "run" / "samples.jsonl").read_bytes() == (tmp_path / "whole" / "samples.jsonl").read_bytes()


def test_the_order_of_the_engine_leaves_no_trace(proctor, tmp_path):
    """Two engines that answer alike in other orders leave the same bytes."""
    proctor("generate")
    proctor("generate", "--option", "backwards=true", out="backwards")

    assert samples(tmp_path / "backwards") == samples(tmp_path / "run")


@pytest.mark.parametrize("out", ["run", "scored"])
def test_score_takes_card_and_sampling_from_the_folder(proctor, tmp_path, out):
    """Samples are judged where they lie, or into another folder; the result says how they were drawn."""
    proctor("generate", "--limit", "2")

    assert run(["score", "run", "--benchmark", "toy.py:toy", "--out", out, "--workers", "1"]) == 0

    (result,) = msgspec.json.decode((tmp_path / out / "result.json").read_bytes(), type=tuple[Result, ...])
    asked = generation(tmp_path / "run")
    conditions = result.conditions
    assert (conditions.sampling, conditions.producer, conditions.prompt_card) == (
        asked.sampling,
        asked.producer,
        asked.prompt_card,
    )
    assert conditions.prompt_card == PromptCardId(name="toy", sha256=asked.prompt_card.sha256, stop=("END",))
    assert (result.usage.prompt_tokens, result.usage.tokens, result.usage.finish_counts) == (8, 12, {"stop": 4})
    drawn = 'Generated: temperature 0.5, top_p 0.9, at most 8 tokens, stop ["END"]; seed 0; scripted float32; '
    assert f"{drawn}12 tokens for 8 of prompts; 0.00 % ended by length\n" in (tmp_path / out / "report.md").read_text()


def test_samples_of_somebody_else_are_not_judged_in_the_folder(proctor, tmp_path, capsys):
    """They would stand under a generation.json that is not theirs."""
    proctor("generate")
    (tmp_path / "rows.jsonl").write_text('{"task_id": "1", "completion": ""}\n')
    capsys.readouterr()

    assert run(["score", "rows.jsonl", "--benchmark", "toy.py:toy", "--out", "run"]) == 2

    assert "run: holds other samples than those that are to be judged" in capsys.readouterr().err
    assert not (tmp_path / "run" / "run.json").exists()


@pytest.mark.parametrize("command", ["generate", "run"])
def test_help_names_the_backends_without_loading_them(command):
    """None of what they need is imported."""
    heavy = ("torch", "transformers", "vllm", "openai")
    probe = (
        f"import sys; from harness.cli.main import run; run([{command!r}, '--help']); "
        f"print(sorted(set({heavy}) & set(sys.modules)), file=sys.stderr)"
    )

    ended = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert "openai, replay, transformers" in " ".join(ended.stdout.split())
    assert ended.stderr == "[]\n"
