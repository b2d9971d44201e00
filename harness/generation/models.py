"""Finds a model's files, in a folder or a snapshot of the hub, LoRA adapters too, and reads its size from them."""

import hashlib
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

import msgspec

from harness.errors import UserError, install_command
from harness.runs.jsonl import read, sha256_of_file

_DECISIVE = ("*.json", "*.safetensors", "*.bin", "*.model", "*.tiktoken", "*.txt", "*.jinja")
"""Config, tokenizer, chat template and weights."""
_OF_TRAINING = (
    "checkpoint.json", "optimizer.*", "requirements.txt", "scheduler.*", "trainer_state.json", "training.json",
    "training_args.bin",
)  # fmt: skip
_OF_PATHS = ("/", "./", "../", "~")
"""Beginnings of a path, which no name on the hub has."""
_OF_OTHER_LIBRARIES = ("*.gguf", "*.h5", "*.msgpack", "*.onnx", "*.pth", "original/*")


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Locates a model on this machine."""

    base: Path
    """Folder of the model itself, in the layout of the Hugging Face hub."""
    name: str
    """Of the model itself: an id of the hub, or the absolute path of its folder."""
    adapter: Path | None = None
    """Folder of the LoRA adapter that goes over it."""
    identity: str
    """SHA-256 of a local folder's files or commit of a snapshot; of an adapter first, then of its base."""


class _AdapterConfig(msgspec.Struct, frozen=True):
    base_model_name_or_path: str | None = None


def find_weights(model: str) -> Weights:
    """Return the files of a model.

    A model of the hub is downloaded unless it is in the user's cache; with HF_HUB_OFFLINE=1, only the cache counts.

    Args:
        model: path of a local folder, or else an id of the hub.

    Returns:
        Folders of the model, and of the adapter if it is one, with their identity.

    Raises:
        UserError: There is no such model, or it is an adapter whose base isn't found.
    """
    folder, identity = _found(model)
    config = folder / "adapter_config.json"
    if not config.is_file():
        if not (folder / "config.json").is_file():
            raise UserError(f"{folder}: holds no model, as config.json is missing; name the folder that has it")
        name = str(folder.resolve()) if Path(model).expanduser().is_dir() else model
        return Weights(base=folder, name=name, identity=identity)
    named = read(config, _AdapterConfig).base_model_name_or_path
    if not named:
        raise UserError(f"{config}: has no base_model_name_or_path; add the model that the adapter was trained on")
    try:
        base = find_weights(_next_to(folder, named))
    except UserError as error:
        raise UserError(f"{config}: its base_model_name_or_path isn't found: {error}") from error
    if base.adapter:
        raise UserError(f"{config}: its base {named} is an adapter itself; merge that into its own base first")
    return Weights(base=base.base, name=base.name, adapter=folder, identity=f"{identity} over {base.identity}")


def refuse_absent(model: str) -> None:
    """Refuse a path without a model, before anything is done that takes long.

    Args:
        model: path of a local folder, or else an id of the hub, which is not looked for.

    Raises:
        UserError: There is no such folder, or no model in it.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not any((folder / name).is_file() for name in ("config.json", "adapter_config.json")):
            raise UserError(f"{folder}: holds no model, as config.json is missing; name the folder that has it")
    elif model.startswith(_OF_PATHS):
        raise UserError(f"there is no folder {model}; check its name")


def of_one_base(models: Sequence[str]) -> dict[str, Weights]:
    """Return the files of several models that have one base: adapters, and maybe the base itself.

    Args:
        models: paths of local folders, or ids of the hub.

    Returns:
        Model -> its files.

    Raises:
        UserError: As of `find_weights`, or there are several bases.
    """
    found = {model: find_weights(model) for model in models}
    bases = sorted({weights.name for weights in found.values()})
    if len(bases) > 1:
        raise UserError(
            f"the models have several bases, {bases[0]} and {bases[1]}; give each base a command of its own"
        )
    return found


def _found(model: str) -> tuple[Path, str]:
    """Return the folder of a model or an adapter, and its identity."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder, _sha256(folder)
    snapshot = _fetched(model)
    return snapshot, snapshot.name  # the cache names snapshots by their commits


def _next_to(adapter: Path, base: str) -> str:
    """Return the folder that a relative path leads to from the adapter's, unless it leads to one from here."""
    beside = adapter / base
    return str(beside) if beside.is_dir() and not Path(base).is_dir() else base


def _fetched(model: str) -> Path:
    """Return the snapshot of a repository of the hub."""
    if model.startswith(_OF_PATHS):
        raise UserError(f"there is no folder {model}; check its name")
    try:
        from huggingface_hub import snapshot_download  # noqa: PLC0415 - an extra, and needed for the hub only
    except ModuleNotFoundError as error:
        raise UserError(
            f"there is no folder {model}; to take it from the hub: {install_command('huggingface_hub')}"
        ) from error
    try:
        return Path(snapshot_download(model, ignore_patterns=list(_OF_OTHER_LIBRARIES)))
    except (OSError, ValueError) as error:  # which all errors of the hub are: of the name, the access, the network
        reason = " ".join(str(error).split()).rstrip(".")
        raise UserError(
            f"there is no folder {model}, and the hub doesn't give a model of that name ({reason}); check --model"
        ) from error


def _sha256(folder: Path) -> str:
    """Return the SHA-256 of the names and contents of the files that decide what the model says."""
    digest = hashlib.sha256()
    for path in sorted(_decisive(folder)):
        digest.update(f"{path.name} {sha256_of_file(path)}\n".encode())
    return digest.hexdigest()


def _decisive(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        decisive = any(fnmatch(path.name, pattern) for pattern in _DECISIVE)
        if decisive and path.is_file() and not any(fnmatch(path.name, pattern) for pattern in _OF_TRAINING):
            yield path


class _Tensor(msgspec.Struct):
    shape: tuple[int, ...] = ()


def parameters_of(folder: Path) -> int:
    """Return the number of parameters in the safetensors of a folder.

    Args:
        folder: of the model.

    Returns:
        All numbers of all tensors.

    Raises:
        UserError: There are none.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise UserError(f"{folder}: holds no .safetensors; name the folder of a model, or give --params such as 7B")
    return sum(map(_parameters_of_file, files))


def _parameters_of_file(path: Path) -> int:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = msgspec.json.decode(file.read(length), type=dict[str, msgspec.Raw])
    tensors = (msgspec.json.decode(raw, type=_Tensor) for name, raw in header.items() if name != "__metadata__")
    return sum(math.prod(tensor.shape) for tensor in tensors)


def model_token_counter(folder: Path) -> Callable[[str], int]:
    """Return a function that counts the tokens of a text.

    Args:
        folder: with the tokenizer.json of the model.

    Returns:
        Text -> tokens, without special ones.

    Raises:
        UserError: There is none, or the package `tokenizers` isn't installed.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; name a model with its tokenizer, or give --params such as 7B")
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise UserError(
            f"--model needs a tokenizer: {install_command('proctor[train]')}, or give --params such as 7B"
        ) from None
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))
