"""Reads the one text in a pickle that holds nothing else, without unpickling: that would run a stranger's code."""

import base64
import binascii
import pickletools
import zlib
from itertools import islice

_TEXTS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
_OTHERS = {"PROTO", "FRAME", "MEMOIZE", "STOP"}
_MOST_OPCODES = 16
"""More than `pickle.dumps` writes for a text of any length."""


def text_of_pickle(data: bytes) -> str:
    """Return the text of which `data` is the pickle, of protocol 4 or newer.

    The opcodes are listed, none is carried out: one that pushes a text, and PROTO, FRAME, MEMOIZE and STOP around it.

    Args:
        data: the pickle; it may be hostile.

    Returns:
        The text.

    Raises:
        ValueError: It has another opcode, more than one text or none, or is cut off; follows "its tests".

    >>> import pickle
    >>> text_of_pickle(pickle.dumps("[1]", protocol=4))
    '[1]'
    """
    texts = list[str]()
    try:
        opcodes = [(opcode.name, argument) for opcode, argument, _ in islice(pickletools.genops(data), _MOST_OPCODES)]
    except ValueError as error:
        raise ValueError(f"are a damaged pickle ({error})") from error
    for name, argument in opcodes:
        if name in _TEXTS:
            texts.append(str(argument))
        elif name not in _OTHERS:
            raise ValueError(f"are a pickle of something else than a text ({name}), which is never unpickled")
    if len(texts) != 1 or opcodes[-1][0] != "STOP":
        raise ValueError("are a pickle of something else than one text, which is never unpickled")
    return texts[0]


def packed_text(text: str, most_bytes: int) -> str:
    """Return the text of which `text` is the pickle, compressed by zlib and written in base64.

    Args:
        text: the base64; it may be hostile.
        most_bytes: how large the pickle may be.

    Returns:
        The text that was packed.

    Raises:
        ValueError: It is something else, or unpacks to more; follows "its tests".
    """
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(base64.b64decode(text, validate=True), most_bytes + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"are neither JSON nor zlib data in base64 ({error})") from error
    if len(data) > most_bytes:
        raise ValueError(f"unpack to more than {most_bytes >> 20} MiB, which is never read")
    if not unpacker.eof:
        raise ValueError("are zlib data that are cut off")
    return text_of_pickle(data)
