"""Computes the log-probabilities of groups under the model that a training begins with, once, and stores them flat.

The file lies beside the groups, named by the model and its type of computation, and says of which model and which
groups it is: any other is refused. It holds one float32 for each token of each completion, ends included, group after
group in the order of the file, and where each group begins. What was computed before a kill is in a draft beside it.
"""

import hashlib
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch
from accelerate import PartialState
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from harness.errors import UserError
from harness.generation.threads import choose_threads
from harness.progress import say, watched
from harness.runs.jsonl import own_turn, whole_file
from trainers.config import TrainingOptions
from trainers.dataset import encode, group_lengths, longest_sequence
from trainers.groups import Group, read_groups
from trainers.objective import WeightedLikelihood
from trainers.packing import packed, padded
from trainers.policy import Policy
from trainers.trainable import refuse_disagreement, refuse_length, refuse_model, refuse_window
from trainers.training_run import groups_sha256

_LOG_PROBS, _STARTS = "log_probs", "starts"


class StoredReference:
    """Gives the log-probabilities of each group's completions under the reference."""

    def __init__(self, log_probs: Tensor, starts: Sequence[int]) -> None:
        """Take what a file holds.

        Args:
            log_probs: Of all tokens of all groups.
            starts: Where each group begins, and the end of the last.
        """
        self._log_probs, self._starts = log_probs, starts

    def of(self, place: int) -> Tensor:
        """Return the log-probabilities of a group, (its tokens), float32.

        Args:
            place: Of the group in its file, from 0.

        Returns:
            A view.
        """
        return self._log_probs[self._starts[place] : self._starts[place + 1]]


class ReferencePlace(NamedTuple):
    """Locates the log-probabilities of some groups under a model, and describes them."""

    path: Path
    described: dict[str, str]
    """As the file itself must."""


def reference_place(groups: Path, policy: Policy, options: TrainingOptions) -> ReferencePlace:
    """Return where the log-probabilities of groups under a model are stored.

    Args:
        groups: Folder or file of the groups.
        policy: The model, as training begins with it.
        options: `dtype` counts.

    Returns:
        A file beside the groups, which may not exist.
    """
    described = {"model": policy.identity, "groups_sha256": groups_sha256(groups), "dtype": options.dtype}
    name = hashlib.sha256(f"{policy.identity} {options.dtype}".encode()).hexdigest()[:16]
    return ReferencePlace((groups if groups.is_dir() else groups.parent) / f"reference-{name}.safetensors", described)


def read_reference(place: ReferencePlace, tokens: dict[int, int]) -> StoredReference:
    """Read stored log-probabilities; they stay on disk until they are used.

    Args:
        place: Of the file, which exists.
        tokens: Place of a group in its file -> the tokens of its completions, for all that will be asked for.

    Returns:
        The log-probabilities.

    Raises:
        UserError: They are of another model or other groups, or the file is broken.
    """
    again = "remove it, and it is computed again"
    try:
        with safe_open(place.path, "pt") as file:
            described, names = file.metadata() or {}, set(file.keys())
            log_probs, starts = (file.get_tensor(name) for name in (_LOG_PROBS, _STARTS) if name in names)
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{place.path}: can't be read ({error}); {again}") from error
    for name, wanted in place.described.items():
        if described.get(name) != wanted:
            raise UserError(f"{place.path}: its {name} is {described.get(name)} and not {wanted}; {again}")
    if not _fits(log_probs, starts, tokens):
        raise UserError(f"{place.path}: doesn't hold one log-probability for each token of the groups; {again}")
    return StoredReference(log_probs, starts.tolist())


def _fits(log_probs: Tensor, starts: Tensor, tokens: dict[int, int]) -> bool:
    if (log_probs.dtype, log_probs.dim(), starts.dtype, starts.dim()) != (torch.float32, 1, torch.int64, 1):
        return False
    if (
        not len(starts)
        or int(starts[0])
        or int(starts[-1]) != len(log_probs)
        or max(tokens, default=-1) > len(starts) - 2
    ):
        return False
    counts = starts.diff()
    expected = torch.tensor(list(tokens.values()), dtype=torch.int64)
    asked = torch.tensor(list(tokens), dtype=torch.int64)
    return bool((counts >= 0).all() and (counts[asked] == expected).all() and (log_probs <= 0).all())


def stored_reference(
    objective: WeightedLikelihood, tokens: dict[int, int], *, policy: Policy, groups: Path, options: TrainingOptions
) -> StoredReference:
    """Return the log-probabilities of groups under the model that a training begins with; compute what isn't there.

    Args:
        objective: The policy as training calls it, before the first step.
        tokens: As for `read_reference`.
        policy: The policy.
        groups: Folder or file of the groups.
        options: Settings of the training.

    Returns:
        What is stored, or was just computed and stored.

    Raises:
        UserError: What is stored is of another model or other groups, or nothing is and there are several processes.
    """
    place = reference_place(groups, policy, options)
    if not place.path.exists():
        if PartialState().num_processes > 1:
            raise UserError(
                f"{place.path}: is missing, and several processes would all compute it; run proctor reference first, "
                f"by itself, with --groups, --model and --dtype {options.dtype}"
            )
        _write(place, objective, policy, tuple(read_groups(groups)), options)
    return read_reference(place, tokens)


def make_reference(groups: Path, model: str, options: TrainingOptions) -> Path:
    """Compute the log-probabilities of groups under a model and store them beside the groups.

    Args:
        groups: Folder or file of the groups.
        model: Folder of the model, or its name on the hub.
        options: Settings of the training to come.

    Returns:
        The file; one that is there already is checked, and stays.

    Raises:
        UserError: Groups or model can't be had or don't go together, or the file that is there is of others.
    """
    texts = tuple(read_groups(groups))
    policy = Policy(model, options)
    refuse_model(policy.model, options)
    lengths = tuple(group_lengths(group, policy.tokens) for group in texts)
    tokens = {place: one.predicted for place, one in enumerate(lengths)}
    place = reference_place(groups, policy, options)
    if not place.path.exists():
        longest = longest_sequence(texts, lengths)
        refuse_length(policy.model.config, longest)
        objective = policy.objective(options).to(PartialState().device)
        if next(objective.parameters()).device.type == "cpu":
            say(f"{model} is computed on the CPU with {choose_threads(policy.parameters)}")
        if options.packing:
            refuse_window(objective, longest)
        refuse_disagreement(objective, policy.dtype, packing=options.packing)
        _write(place, objective, policy, texts, options)
    read_reference(place, tokens)
    return place.path


def _write(
    place: ReferencePlace,
    objective: WeightedLikelihood,
    policy: Policy,
    texts: tuple[Group, ...],
    options: TrainingOptions,
) -> None:
    """Compute what a draft lacks, and store all; another process that does the same waits, and finds it stored."""
    draft = _draft(place, options)
    with own_turn(draft) as file:
        if not place.path.exists():
            found = [*whole_batches(draft.read_bytes(), options.batch_groups)]
            file.truncate(sum(_COUNT.size + one.nbytes for one in found))
            for one in _computed(objective, policy, texts, options, len(found)):
                file.write(_COUNT.pack(len(one)) + one.numpy().tobytes())
                file.flush()
                found.append(one)
            starts = torch.tensor([0, *(len(one) for one in found)]).cumsum(0)
            tensors = {_LOG_PROBS: torch.cat([torch.empty(0), *found]), _STARTS: starts}
            with whole_file(place.path) as stored:
                stored.write(_in_order(save(tensors, metadata=place.described)))
        draft.unlink(missing_ok=True)


def _in_order(file: bytes) -> bytes:
    """Return a file of safetensors with the entries of its head sorted: the library leaves their order to chance."""
    (length,) = _COUNT.unpack_from(file)
    head = msgspec.json.encode(msgspec.json.decode(file[_COUNT.size : _COUNT.size + length]), order="sorted")
    head += b" " * (-len(head) % 8)  # the numbers behind it stay aligned
    return _COUNT.pack(len(head)) + head + file[_COUNT.size + length :]


_COUNT = struct.Struct("<q")
"""In front of a group's log-probabilities in a draft."""


def _draft(place: ReferencePlace, options: TrainingOptions) -> Path:
    """Return the draft for what decides the last bits, so that only the same goes on with it."""
    decide = options.batch_groups, options.packing, options.attention, options.logits_chunk
    described = repr((sorted(place.described.items()), decide, torch.get_num_threads(), torch.__version__))
    return place.path.with_suffix(f".{hashlib.sha256(described.encode()).hexdigest()[:16]}.part")


def whole_batches(draft: bytes, size: int) -> tuple[Tensor, ...]:
    """Return the log-probabilities of groups in a draft, as far as all groups of their batch are whole.

    Args:
        draft: A count, and as many float32, for each group; the last may be cut anywhere.
        size: Groups of a batch.

    Returns:
        As many groups as a multiple of the size.
    """
    found, place = list[Tensor](), 0
    while place + _COUNT.size <= len(draft):
        (count,) = _COUNT.unpack_from(draft, place)
        begin, place = place + _COUNT.size, place + _COUNT.size + _FLOAT_BYTES * count
        if count < 1 or place > len(draft):
            break
        found.append(torch.frombuffer(bytearray(draft[begin:place]), dtype=torch.float32))
    return tuple(found[: len(found) // size * size])


_FLOAT_BYTES = 4


def _computed(
    objective: WeightedLikelihood, policy: Policy, texts: tuple[Group, ...], options: TrainingOptions, done: int
) -> Iterator[Tensor]:
    """Yield the log-probabilities of the groups from one on, without dropout, as many at a time as a step has."""
    model: Any = policy.model
    training = model.training
    model.eval()
    try:
        parts = [texts[start : start + options.batch_groups] for start in range(done, len(texts), options.batch_groups)]
        before = done // options.batch_groups
        for some in watched(parts, before + len(parts), "under the reference", sys.stderr, done=before):
            encoded = [encode(group, policy.tokens, policy.end) for group in some]
            rows = (packed if options.packing else padded)(*encoded).to(model.device)
            found = objective.log_probs(rows).float().cpu()
            yield from torch.split(found, [sum(map(len, group.completions)) for group in encoded])
    finally:
        model.train(training)
