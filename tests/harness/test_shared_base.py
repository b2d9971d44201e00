"""Several adapters of one base are examined in one load of it, each as if it were alone."""

import json
import shutil

import pytest
import torch

from harness.cli.main import run
from harness.generation import loading
from harness.generation.backends import transformers as backend

pytestmark = pytest.mark.slow

HOW = ("--benchmark", "mini", "--limit", "2", "--max-tokens", "12", "--temperature", "0")
BACKEND = ("--backend", "transformers", "--option", "dtype=float32", "--option", "device=cpu")


@pytest.fixture
def other_adapter(tiny_adapter, tmp_path):
    """Return an adapter of the same base that says something else."""
    from safetensors.torch import load_file, save_file  # noqa: PLC0415 - an extra

    folder = shutil.copytree(tiny_adapter, tmp_path / "other")
    weights = load_file(folder / "adapter_model.safetensors")
    save_file({name: -2 * weight for name, weight in weights.items()}, folder / "adapter_model.safetensors")
    return folder


def completions(folder):
    """Return the texts of a run."""
    rows = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    return [row["completion"] for row in rows]


def test_adapters_over_one_load_say_what_each_says_alone(
    tiny_model, tiny_adapter, other_adapter, tmp_path, monkeypatch
):
    """Also the base itself, before and after them; it is loaded once."""
    models = [tiny_adapter, tiny_model, other_adapter]
    for model in models:
        alone = [*HOW, "--n", "1", *BACKEND, "--option", "merge=false", "--out", str(tmp_path / "alone" / model.name)]
        assert run(["generate", "--model", str(model), *alone]) == 0
    loads, load = [], loading.load_model
    monkeypatch.setattr(loading, "load_model", lambda *given, **how: loads.append(given) or load(*given, **how))

    several = [part for model in models for part in ("--model", str(model))]
    assert run(["generate", *several, *HOW, "--n", "1", *BACKEND, "--out", str(tmp_path / "shared")]) == 0

    found = [completions(tmp_path / "shared" / model.name) for model in models]
    assert found == [completions(tmp_path / "alone" / model.name) for model in models]
    assert len({tuple(texts) for texts in found}) == len(models)
    assert len(loads) == 1


def test_a_run_of_several_adapters_has_a_folder_for_each(tiny_adapter, other_adapter, tmp_path, capsys):
    """With its result; the same command goes on, and does nothing where all is done."""
    several = ["--model", str(tiny_adapter), "--model", str(other_adapter)]
    command = ["run", *several, *HOW, "--n", "1", *BACKEND, "--out", str(tmp_path / "runs"), "--workers", "1"]

    assert run(command) == 0
    assert run(command) == 0

    for model in (tiny_adapter, other_adapter):
        (result,) = json.loads((tmp_path / "runs" / model.name / "result.json").read_text())
        assert result["policy"] == model.name
    assert "Results written to" in capsys.readouterr().out


@pytest.fixture
def folders(tiny_model, tiny_adapter, other_adapter, tmp_path):
    """Return an adapter, another one of its base, and another base."""
    base = shutil.copytree(tiny_model, tmp_path / "base")
    return {"adapter": str(tiny_adapter), "other": str(other_adapter), "base": str(base)}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--model", "{adapter}"), "models of one name"),
        (("--model", "{other}", "--policy", "p"), "--policy"),
        (("--model", "{base}"), "several bases"),
        (("--model", "{other}", "--backend", "replay"), "takes one --model"),
    ],
)
def test_models_that_don_t_go_together_are_refused(folders, capsys, more, told):
    """In one line, before anything is loaded."""
    given = [part.format(**folders) for part in more]

    assert run(["generate", "--model", folders["adapter"], *HOW, "--n", "1", *BACKEND, *given, "--out", "out"]) == 2
    assert told in capsys.readouterr().err


def test_a_base_is_whole_again_after_an_adapter(tiny_model, tiny_adapter):
    """Or the next one would be put over both."""
    with backend.transformers.share((str(tiny_model), str(tiny_adapter)), {"device": "cpu"}) as shared:
        with shared.load(str(tiny_model), {}) as engine:
            model = engine._model  # noqa: SLF001 - what it holds is the question
            before = {name: weight.clone() for name, weight in model.state_dict().items()}
        with shared.load(str(tiny_adapter), {}):
            assert any("lora" in name for name, _ in model.named_parameters())
        after = model.state_dict()

    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
