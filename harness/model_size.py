"""What a model's own files say of it, without loading it."""

import math
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec

from harness.errors import UserError


class _Tensor(msgspec.Struct):
    shape: tuple[int, ...] = ()


def parameters_of(folder: Path) -> int:
    """Return how many numbers the safetensors of a folder hold.

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


def token_counter(folder: Path) -> Callable[[str], int]:
    """Return what counts the tokens of a text, by the tokenizer.json of a folder.

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
            "--model needs a tokenizer: pip install 'proctor[train]', or give --params such as 7B"
        ) from None
    tokenizer = Tokenizer.from_file(str(path))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))
