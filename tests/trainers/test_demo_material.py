"""The miniature's material in CodeNet's layout, and its base."""

from functools import partial
from itertools import islice

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.cli.main import run
from harness.errors import UserError
from harness.generation.prompts import load_card, render_prompt
from trainers.compile import codenet
from trainers.compile.rewards import Status
from trainers.compile.statements import read_statement
from trainers.dataset import load_token_counter
from trainers.demo.base import VOCABULARY, corpus, tokenizer_for, train_base
from trainers.demo.submissions import PER_PROBLEM, page, write_submissions
from trainers.demo.tasks import problem_of, problems, tasks
from trainers.groups import read_groups

pytestmark = pytest.mark.slow

PROBLEMS = 60


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return a tree of some problems."""
    tree = tmp_path_factory.mktemp("miniature")
    write_submissions(tree, PROBLEMS, seed=0)
    return tree


@pytest.fixture(scope="module")
def groups(tree, tmp_path_factory):
    """Return the groups that the real compiler makes of it."""
    tokenizer, out = tmp_path_factory.mktemp("tokenizer"), tmp_path_factory.mktemp("out") / "groups"
    tokenizer_for(corpus(0, size=60)).save_pretrained(tokenizer)
    assert run(["compile", "codenet", str(tree), "--tokenizer", str(tokenizer), "--out", str(out)]) == 0
    return list(read_groups(out))


def test_the_compiler_takes_every_problem(groups):
    """Each problem gives groups of four, with an accepted and a rejected member; every status occurs."""
    statuses = {status for group in groups for status in group.statuses}

    assert len({group.problem_id for group in groups}) == PROBLEMS
    assert {len(group.completions) for group in groups} == {4}
    assert statuses == {
        Status.ACCEPTED, Status.WRONG_ANSWER, Status.TIME_LIMIT, Status.RUNTIME_ERROR, Status.COMPILE_ERROR,
    }  # fmt: skip


def test_submissions_come_back_as_they_were_written(tree):
    """Metadata, sources and statuses are read without a loss."""
    found = [codenet.index(tree, problem_id) for problem_id in codenet.problem_ids(tree)]
    sources = [codenet.source(tree, row) for index in found for row in index.submissions]

    assert len(found) == len(codenet.time_limits_ms(tree)) == PROBLEMS
    assert {len(index.submissions) for index in found} == {PER_PROBLEM}
    assert all(isinstance(source, str) and source for source in sources)


def test_training_and_examination_put_the_same_prompt(groups):
    """What the compiler makes of a problem's page is what the benchmark's card makes of its statement."""
    prompt_of = partial(render_prompt, load_card("apps"))
    made = {
        f"p{number:05}": prompt_of(problem_of(task, "", "train"), {})
        for number, task in enumerate(islice(tasks("train", 0), PROBLEMS))
    }

    assert {group.problem_id: group.prompt for group in groups} == made


def test_every_statement_survives_its_page():
    """Of all families, both phrasings, with all that has to be escaped."""
    for task in islice(tasks("train", 5), 600):
        assert read_statement(page(task), "any").text == task.statement


def test_no_prompt_of_training_is_put_in_the_examination(groups):
    """By the whole text."""
    card = load_card("apps")
    examined = {render_prompt(card, problem, {}) for problem in problems(None).values() if problem.split == "test"}

    assert examined.isdisjoint(group.prompt for group in groups)
    assert examined.isdisjoint(row.prompt for row in islice(corpus(0), 3000))


def test_a_seed_decides_the_submissions(tree, tmp_path):
    """Equal seeds write equal bytes, others write others."""
    for name, seed in (("same", 0), ("other", 1)):
        write_submissions(tmp_path / name, PROBLEMS, seed)
    files = [path.relative_to(tree) for path in tree.rglob("*") if path.is_file()]

    assert all((tree / name).read_bytes() == (tmp_path / "same" / name).read_bytes() for name in files)
    assert any((tree / name).read_bytes() != (tmp_path / "other" / name).read_bytes() for name in files)


def test_a_tree_is_not_overwritten(tree):
    """Another tree needs another folder."""
    with pytest.raises(UserError, match="choose a new folder"):
        write_submissions(tree, 1, 0)


def test_the_tokenizer_has_single_digits_and_gives_texts_back():
    """Byte-level BPE: no text is lost, and a number is its digits."""
    tokenizer = tokenizer_for(corpus(0, size=300))

    assert len(tokenizer) == VOCABULARY
    assert tokenizer.decode(tokenizer("print(n + 1234) # \u00e9\n").input_ids) == "print(n + 1234) # \u00e9\n"
    assert [tokenizer.decode([token]) for token in tokenizer("1234").input_ids] == ["1", "2", "3", "4"]


def test_the_base_that_ships_is_a_model_of_its_own_tokenizer(tmp_path):
    """It is written in single precision, and every engine's loader finds the same tokens in it."""
    assert run(["miniature", "base", "--out", str(tmp_path / "base")]) == 0

    model = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "base")
    row = next(corpus(0))

    assert model.dtype == torch.float32
    assert sum(weight.numel() for weight in model.parameters()) < 1_000_000
    assert model.config.vocab_size == len(tokenizer) == VOCABULARY
    assert model.config.eos_token_id == tokenizer.eos_token_id
    assert load_token_counter(tmp_path / "base")(row.prompt) == len(tokenizer(row.prompt).input_ids)


def test_a_base_is_trained_from_a_seed(tmp_path):
    """Two steps, twice, give the same weights; another seed gives others."""
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        train_base(tmp_path / name, seed, steps=2, tasks=300)
    one, same, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "same", "other"))

    assert one == same != other


def test_a_base_is_not_overwritten(tmp_path, capsys):
    """Another base needs another folder."""
    assert run(["miniature", "base", "--out", str(tmp_path)]) == 2
    assert "choose a new folder" in capsys.readouterr().err
