"""The reference: computed once, stored flat beside the groups, and refused for other models and other groups."""

import json
import math
import shutil
import struct
from functools import partialmethod
from types import SimpleNamespace

import pytest
import tiny_policy
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from harness.cli.main import run as command
from harness.errors import UserError
from trainers import losses, methods, reference
from trainers.config import TrainingOptions
from trainers.dataset import encode
from trainers.groups import GROUPS_FILE, read_groups, write_groups
from trainers.objective import WeightedLikelihood
from trainers.packing import packed
from trainers.policy import Policy
from trainers.reference import StoredReference, make_reference, read_reference, reference_place, whole_batches

pytestmark = pytest.mark.slow

OPTIONS = TrainingOptions(learning_rate=1e-3, epochs=2, save_every_steps=2)
COMPARING = {"dpo": losses.dpo, "kto": losses.kto, "rloo-kl": losses.rloo_kl, "topr": losses.topr}


def files(folder):
    """Return the references beside groups."""
    return sorted(folder.glob("reference-*.safetensors"))


def metrics(folder):
    """Return the rows of a training."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_group_is_a_view_of_the_file_by_hand():
    """The second of groups of two, three and one tokens."""
    stored = StoredReference(torch.arange(6.0), [0, 2, 5, 6])

    assert stored.of(1).tolist() == [2.0, 3.0, 4.0]
    assert stored.of(1).data_ptr() == stored.of(0).data_ptr() + 8


def test_it_holds_what_the_model_says_of_each_group(make_groups, tiny_base):
    """The log-probabilities of one group after the other, in the order of the file."""
    groups = make_groups()

    path = make_reference(groups, str(tiny_base), OPTIONS)

    policy = Policy(str(tiny_base), OPTIONS)
    objective = policy.objective(OPTIONS)
    expected = [objective.log_probs(packed(encode(one, policy.tokens, policy.end))) for one in read_groups(groups)]
    stored = load_file(path)
    assert torch.allclose(stored["log_probs"], torch.cat(expected), atol=1e-4)
    assert stored["starts"].tolist() == [0, *torch.tensor([len(one) for one in expected]).cumsum(0).tolist()]
    with safe_open(path, "pt") as file:
        assert set(file.metadata()) == {"model", "groups_sha256", "dtype"}


@pytest.mark.parametrize("name", COMPARING)
def test_a_method_that_compares_trains(run, tmp_path, name):
    """It writes the reference first, and begins where policy and reference are equal."""
    checkpoint = run(name, OPTIONS, method=COMPARING[name])

    (first, *_, last) = metrics(tmp_path / name)
    begins = {"dpo": math.log(2), "kto": 0.5}.get(name)
    assert (checkpoint.method, checkpoint.step) == (name, 5)
    assert len(files(tmp_path / "groups")) == 1
    assert begins is None or first["loss"] == pytest.approx(begins, abs=1e-4)
    assert last["margin"] > first["margin"]


def test_topr_and_the_penalty_begin_as_rloo_does(run, tmp_path):
    """The gradient of the first step has the same length: nothing has moved yet."""
    for name, method in {"rloo": methods.rloo, "topr": losses.topr, "rloo-kl": losses.rloo_kl}.items():
        run(name, OPTIONS, method=method)

    norms = [metrics(tmp_path / name)[0]["gradient_norm"] for name in ("rloo", "topr", "rloo-kl")]
    assert norms == pytest.approx([norms[0]] * 3, rel=1e-3)


@pytest.mark.parametrize("method", [losses.rloo_floor, methods.dapo, methods.dr_grpo])
def test_a_method_that_compares_nothing_needs_no_reference(run, tmp_path, method):
    """And trains."""
    assert run("out", OPTIONS, method=method).step == 5
    assert files(tmp_path / "groups") == []


def test_it_is_computed_once(run, tmp_path, monkeypatch):
    """A second training reads what the first one stored, and so does a stopped one that goes on, to the same bits."""
    run("first", OPTIONS, method=losses.dpo)
    monkeypatch.setattr(reference, "_computed", lambda *_: pytest.fail("computed again"))
    for _ in range(5):
        run("stopped", TrainingOptions(**{**vars_of(OPTIONS), "max_hours": 1e-9}), method=losses.dpo)

    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "stopped")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("seen", [0, 1, 2])
@pytest.mark.parametrize("torn", [0, 3, 11])
def test_killed_it_goes_on_to_the_same_bytes(make_groups, tiny_base, monkeypatch, seen, torn):
    """Batches that were whole are not computed again, also where the kill cut what came after them."""
    groups = make_groups(5)
    whole = make_reference(groups, str(tiny_base), OPTIONS)
    expected, log_probs, calls = whole.read_bytes(), WeightedLikelihood.log_probs, []
    whole.unlink()

    def counted(objective, rows, stop=math.inf):
        if rows is not None and len(calls) == stop:
            raise KeyboardInterrupt
        calls.append(rows)
        return log_probs(objective, rows)

    def made(stop):
        calls.clear()
        monkeypatch.setattr(reference, "refuse_disagreement", lambda *_, **__: None)
        monkeypatch.setattr(WeightedLikelihood, "log_probs", partialmethod(counted, stop=stop))
        return make_reference(groups, str(tiny_base), OPTIONS)

    with pytest.raises(KeyboardInterrupt):
        made(seen)
    (draft,) = groups.glob("reference-*.part")
    with draft.open("ab") as file:
        file.write((7).to_bytes(8, "little")[:torn] + bytes(max(0, torn - 8)))

    assert made(math.inf).read_bytes() == expected
    assert len(calls) == 3 - seen
    assert list(groups.glob("*.part")) == []


@given(st.lists(st.lists(st.floats(-9, 0, width=32), min_size=1, max_size=4), max_size=7), st.integers(1, 3), st.data())
def test_a_draft_cut_anywhere_holds_whole_batches(groups, size, data):
    """As many as were whole, and nothing else."""
    packed_ = [struct.pack(f"<q{len(one)}f", len(one), *one) for one in groups]
    draft = b"".join(packed_)
    cut = data.draw(st.integers(0, len(draft)))
    whole = sum(sum(map(len, packed_[: number + 1])) <= cut for number in range(len(groups)))

    found = whole_batches(draft[:cut], size)

    assert [one.tolist() for one in found] == groups[: whole // size * size]


def test_a_process_that_waits_finds_it_stored(make_groups, tiny_base, monkeypatch):
    """Two trainings that need the same reference at the same time compute it once."""
    groups = make_groups(2)

    def stored_meanwhile(path):
        shutil.copy(whole, groups / whole.name)
        return own_turn(path)

    whole = make_reference(groups, str(tiny_base), OPTIONS)
    whole = whole.rename(groups.parent / whole.name)
    own_turn = reference.own_turn
    monkeypatch.setattr(reference, "own_turn", stored_meanwhile)
    monkeypatch.setattr(reference, "_computed", lambda *_: pytest.fail("computed again"))

    assert make_reference(groups, str(tiny_base), OPTIONS).read_bytes() == whole.read_bytes()
    assert list(groups.glob("*.part")) == []


def vars_of(options):
    """Return the settings by name."""
    return {name: getattr(options, name) for name in options.__struct_fields__}


def test_another_model_or_type_has_a_file_of_its_own(make_groups, tiny_base, tmp_path):
    """None takes the other's."""
    groups, other = make_groups(2), tiny_policy.build(tmp_path / "other", seed=1)

    make_reference(groups, str(tiny_base), OPTIONS)
    make_reference(groups, str(other), OPTIONS)
    make_reference(groups, str(tiny_base), TrainingOptions(dtype="bfloat16"))

    assert len(files(groups)) == 3


def test_other_groups_are_refused(make_groups, tiny_base):
    """The groups were replaced since."""
    groups, others = make_groups(2), make_groups(2, name="others", seed=1)
    make_reference(groups, str(tiny_base), OPTIONS)
    shutil.copy(others / GROUPS_FILE, groups / GROUPS_FILE)

    with pytest.raises(UserError, match=r"its groups_sha256 is .* remove it, and it is computed again"):
        make_reference(groups, str(tiny_base), OPTIONS)


def test_another_model_under_the_same_name_is_refused(make_groups, tiny_base, tmp_path):
    """A file that was renamed."""
    groups, other = make_groups(2), tiny_policy.build(tmp_path / "other", seed=1)
    path = make_reference(groups, str(other), OPTIONS)
    path.rename(reference_place(groups, Policy(str(tiny_base), OPTIONS), OPTIONS).path)

    with pytest.raises(UserError, match="its model is "):
        make_reference(groups, str(tiny_base), OPTIONS)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log_probs, starts: (log_probs[:-1], starts),
        lambda log_probs, starts: (log_probs.double(), starts),
        lambda log_probs, starts: (log_probs[None], starts),
        lambda log_probs, starts: (log_probs * math.nan, starts),
        lambda log_probs, starts: (-log_probs, starts),
        lambda log_probs, starts: (log_probs, starts[:-1]),
        lambda log_probs, starts: (log_probs, starts[:0]),
        lambda log_probs, starts: (log_probs, starts.int()),
        lambda log_probs, starts: (log_probs, starts.flip(0)),
        lambda log_probs, starts: (log_probs, starts + 1),
        lambda log_probs, starts: (log_probs, starts.index_fill(0, torch.tensor([1]), 1)),
    ],
)
def test_a_spoiled_file_is_refused(make_groups, tiny_base, spoil):
    """Whatever it holds: too few numbers, of another type, no log-probabilities, or groups of other lengths."""
    groups = make_groups(2)
    path = make_reference(groups, str(tiny_base), OPTIONS)
    with safe_open(path, "pt") as file:
        described = file.metadata()
    stored = load_file(path)
    log_probs, starts = spoil(stored["log_probs"].clone(), stored["starts"].clone())
    save_file({"log_probs": log_probs.contiguous(), "starts": starts.contiguous()}, path, described)

    with pytest.raises(UserError, match="doesn't hold one log-probability for each token"):
        make_reference(groups, str(tiny_base), OPTIONS)


@pytest.mark.parametrize("content", [b"", b"no tensors", b"\xff" * 100])
def test_a_file_of_another_kind_is_refused(make_groups, tiny_base, content):
    """In one line."""
    groups = make_groups(2)
    make_reference(groups, str(tiny_base), OPTIONS).write_bytes(content)

    with pytest.raises(UserError, match=r"can't be read .* remove it"):
        make_reference(groups, str(tiny_base), OPTIONS)


def test_a_group_that_is_left_out_moves_no_other(tmp_path, tiny_base):
    """The second group has nothing to compare; the third has its own place in the file."""
    groups = tmp_path / "groups"
    groups.mkdir()
    some = [tiny_policy.group(0), tiny_policy.group(1, rewards=(1.0,) * 4), tiny_policy.group(2)]
    write_groups(groups / GROUPS_FILE, some)
    options = TrainingOptions(unbalanced_groups=True, learning_rate=1e-3)

    losses.dpo.train(groups, str(tiny_base), tmp_path / "out", options)

    (row,) = metrics(tmp_path / "out")
    assert row["loss"] == pytest.approx(math.log(2), abs=1e-4)


def test_several_processes_need_it_before(make_groups, tiny_base, monkeypatch):
    """They say which command makes it."""
    groups = make_groups(2)
    policy = Policy(str(tiny_base), OPTIONS)
    monkeypatch.setattr(reference, "PartialState", lambda: SimpleNamespace(num_processes=2))

    with pytest.raises(UserError, match="run proctor reference first"):
        reference.stored_reference(policy.objective(OPTIONS), {}, policy=policy, groups=groups, options=OPTIONS)


def test_the_command_makes_what_training_reads(make_groups, tiny_base, tmp_path, monkeypatch, capsys):
    """And says where it is; given twice it is made once."""
    groups = make_groups(2)
    where = ["--groups", str(groups), "--model", str(tiny_base)]

    assert command(["reference", *where]) == 0
    assert capsys.readouterr().out == f"Reference written to {files(groups)[0]}\n"
    monkeypatch.setattr(reference, "_computed", lambda *_: pytest.fail("computed again"))
    assert command(["reference", *where]) == 0
    losses.topr.train(groups, str(tiny_base), tmp_path / "out", TrainingOptions())


def test_a_divisor_of_its_own_takes_no_mean_over_tokens(run):
    """Two divisors would be none of the paper's."""
    with pytest.raises(UserError, match="dapo has a divisor of its own"):
        run("out", TrainingOptions(token_mean=True), method=methods.dapo)


def test_a_reference_is_no_group(make_groups, tiny_base):
    """The folder is the same data set with it as without."""
    datasets = pytest.importorskip("datasets", reason="needs datasets, of the extra train")
    groups = make_groups(2)
    (groups / "card.json").write_text("{}")
    make_reference(groups, str(tiny_base), OPTIONS)

    assert datasets.load_dataset(str(groups), split="train").num_rows == 2


def test_a_place_past_the_end_is_refused(make_groups, tiny_base):
    """A file of fewer groups."""
    groups = make_groups(2)
    make_reference(groups, str(tiny_base), OPTIONS)
    place = reference_place(groups, Policy(str(tiny_base), OPTIONS), OPTIONS)

    with pytest.raises(UserError, match="doesn't hold one"):
        read_reference(place, {2: 5})
