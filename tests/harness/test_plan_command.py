"""`proctor plan`: a forecast from the benchmark at hand."""

import json
import struct

import pytest

from harness.cli import plan
from harness.cli.main import run

MINI = ["plan", "--benchmark", "mini", "--n", "10", "--workers", "2"]


@pytest.mark.slow
def test_the_forecast_is_a_table(capsys):
    """Of ranges, with what they assume; references were judged for it."""
    assert run([*MINI, "--params", "7B", "--nodes", "100", "--cores", "8", "--gpus", "4"]) == 0

    out = capsys.readouterr().out
    assert "| samples | 46 problems x 10 = 460 |" in out
    assert "46 references took " in out
    assert " on 100 x 8 cores, 4000/s at most |" in out
    assert "GPU hours, A100 80 GB" in out


@pytest.mark.slow
def test_a_models_folder_gives_its_size_and_its_tokens(tmp_path, capsys):
    """The tensors' shapes are counted, and the tokenizer makes one number of the range of prompt tokens a sample."""
    header = {"__metadata__": {"format": "pt"}, "a": {"shape": [2, 3]}, "b": {"shape": [4]}}
    text = json.dumps(header).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    tokenizers = pytest.importorskip("tokenizers", reason="needs the extra train")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, "?"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    words.save(str(tmp_path / "tokenizer.json"))

    assert run([*MINI, "--model", str(tmp_path), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    few, many = told["prompt_tokens"]
    assert many == pytest.approx(10 * few)
    by_size = {gpu["device"]: gpu["hours"][1] for gpu in told["gpus"]}
    assert 0 < by_size["A100 80 GB"] < 1e-6  # ten weights


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "give either --model or --params"),
        (["--params", "7B", "--model", "."], "give either --model or --params"),
        (["--params", "seven"], "'seven' is not a size such as 7B or 500M"),
        (["--params", "-1B"], "'-1B' is not a size such as 7B or 500M"),
        (["--model", "."], "tokenizer.json: there is no such file"),
        (["--params", "7B", "--split", "dev"], "--split: there is no split 'dev'."),
        (["--params", "7B", "--problem-set", "x", "--split", "test"], "both select problems"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, monkeypatch, capsys, options, reason):
    """That says what to do."""
    monkeypatch.chdir(tmp_path)

    assert run([*MINI, *options]) == 2

    err = capsys.readouterr().err
    assert reason in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_measurements_are_written_once_and_read(tmp_path, capsys, monkeypatch):
    """Then the problems need not be there; of another set they are refused."""
    kept = tmp_path / "mini.json"
    options = [*MINI, "--params", "7B", "--measured", str(kept)]
    assert run(options) == 0
    first = capsys.readouterr().out

    monkeypatch.setattr(plan, "load_benchmark", None)

    assert run(options) == 0
    assert capsys.readouterr().out == first
    assert run([*options, "--split", "train"]) == 2
    assert "mini.json: is of mini, not of mini train; name another file" in capsys.readouterr().err
