"""`proctor merge-adapter`: the model that an adapter and its base make together."""

import json

import pytest

from harness.cli.main import run

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch", reason="needs torch, of the extra transformers")


def test_the_model_written_is_base_and_adapter(tiny_model, tiny_adapter, tmp_path):
    """Each matrix is the base's with the product of the adapter's two, scaled, on it."""
    from peft import PeftModel  # noqa: PLC0415 - heavy, as the next
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    assert run(["merge-adapter", str(tiny_adapter), "--out", str(tmp_path / "merged")]) == 0

    base = AutoModelForCausalLM.from_pretrained(tiny_model)
    expected = PeftModel.from_pretrained(base, tiny_adapter).merge_and_unload().state_dict()
    found = AutoModelForCausalLM.from_pretrained(tmp_path / "merged").state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.allclose(found[name], expected[name]) for name in found)
    text = "def f():\n    return 1\n"
    written, given = (AutoTokenizer.from_pretrained(folder) for folder in (tmp_path / "merged", tiny_model))
    assert written(text)["input_ids"] == given(text)["input_ids"]
    assert json.loads((tmp_path / "merged" / "generation_config.json").read_text())["eos_token_id"]


def test_a_model_without_an_adapter_is_refused(tiny_model, tmp_path, capsys):
    """There is nothing to merge, and nothing is written."""
    assert run(["merge-adapter", str(tiny_model), "--out", str(tmp_path / "merged")]) == 2
    assert "is not an adapter" in capsys.readouterr().err
    assert not (tmp_path / "merged").exists()


def test_a_folder_that_is_there_is_not_written_to(tiny_adapter, tmp_path, capsys):
    """It may be another model."""
    assert run(["merge-adapter", str(tiny_adapter), "--out", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
